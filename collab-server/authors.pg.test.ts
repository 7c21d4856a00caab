// The log knows who wrote what came over a socket.
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { wordsOf } from '#domain/story/document.ts';
import { freshDatabase, type FreshDatabase } from '../tests/harness/database.ts';
import { connect, connectPlain, person, plant, serve, type TestServer } from './testing/world.ts';

let fresh: FreshDatabase;
let node: TestServer;
const leaving: { destroy(): void }[] = [];

beforeAll(async () => {
  fresh = await freshDatabase();
  node = await serve(fresh);
});
afterEach(() => {
  for (const client of leaving.splice(0)) client.destroy();
});
afterAll(async () => {
  await node.stopAll();
  await fresh.close();
});

const eventually = (check: () => void | Promise<void>) =>
  vi.waitFor(check, { timeout: 60_000, interval: 20 });

test('each update is logged with whoever sent it, in both framings, and the first words with nobody', async () => {
  const [mira, jo] = [await person(fresh, 'Mira'), await person(fresh, 'Jo')];
  const story = await plant(fresh, mira.user.id, 'Once.');
  const authors = async () => {
    const { rows } = await fresh.pool.query(
      'select user_id from document_updates where document = $1 order by seq',
      [story.words],
    );
    return rows.map(({ user_id }) => user_id);
  };
  const mine = connect(node.url, story.words, mira);
  const plain = connectPlain(node.url, story.words, jo);
  leaving.push(mine, plain);
  await eventually(() => {
    for (const { doc } of [mine, plain]) expect(wordsOf(doc).toJSON()).toBe('Once.');
  });
  wordsOf(mine.doc).insert(5, ' Upon');
  await eventually(async () => expect(await authors()).toEqual([null, mira.user.id]));
  wordsOf(plain.doc).insert(0, 'Listen. ');
  await eventually(async () => expect(await authors()).toEqual([null, mira.user.id, jo.user.id]));
});
