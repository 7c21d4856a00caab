// Two collab-servers on one Postgres: what is written on one is on the other.
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import { renameUser } from '#backend/accounts/guests.ts';
import { readUpdates } from '#backend/postgres/documents.ts';
import { readTree, wordsOf } from '#domain/story/document.ts';
import { freshDatabase, type FreshDatabase } from '../tests/harness/database.ts';
import {
  connect,
  person,
  plant,
  publishTake,
  serve,
  type TestClient,
  type TestPerson,
  type TestServer,
} from './testing/world.ts';

let fresh: FreshDatabase;
let mira: TestPerson;
let here: TestServer;
let there: TestServer;
const leaving: TestClient[] = [];

beforeAll(async () => {
  fresh = await freshDatabase();
  mira = await person(fresh, 'Mira');
  [here, there] = await Promise.all([serve(fresh), serve(fresh)]);
});

afterEach(() => {
  for (const client of leaving.splice(0)) client.destroy();
});

afterAll(async () => {
  await Promise.all([here.stopAll(), there.stopAll()]);
  await fresh.close();
});

async function join(server: TestServer, name: string): Promise<TestClient> {
  const client = connect(server.url, name, mira);
  leaving.push(client);
  await eventually(() => expect(client.provider.isSynced).toBe(true));
  return client;
}

const textOf = ({ doc }: TestClient) => wordsOf(doc).toJSON();
const eventually = (check: () => void | Promise<void>) =>
  vi.waitFor(check, { timeout: 10_000, interval: 10 });

test('words that are open on both nodes grow on both', async () => {
  const story = await plant(fresh, mira.user.id, 'Base.');
  const [a, b] = await Promise.all([join(here, story.words), join(there, story.words)]);
  wordsOf(a.doc).insert(0, 'here ');
  await eventually(() => expect(textOf(b)).toBe('here Base.'));
  wordsOf(b.doc).insert(wordsOf(b.doc).length, ' there');
  await eventually(() => expect(textOf(a)).toBe('here Base. there'));
});

test('edits from both sides at once end in the same words, each of them logged once', async () => {
  const story = await plant(fresh, mira.user.id);
  const [a, b] = await Promise.all([join(here, story.words), join(there, story.words)]);
  for (let round = 0; round < 10; round += 1) {
    for (let n = 0; n < 10; n += 1) {
      wordsOf(a.doc).insert(0, `a${round}.${n};`);
      wordsOf(b.doc).insert(0, `b${round}.${n};`);
    }
    await eventually(() => expect(b.provider.hasUnsyncedChanges).toBe(false));
  }
  await eventually(() => {
    expect(textOf(a).split(';')).toHaveLength(201);
    expect(textOf(b)).toBe(textOf(a));
    expect(a.provider.hasUnsyncedChanges || b.provider.hasUnsyncedChanges).toBe(false);
  });
  const logged = await readUpdates(fresh.db, story.words);
  const once = new Y.Doc();
  for (const { update } of logged) Y.applyUpdate(once, update);
  expect(wordsOf(once).toJSON()).toBe(textOf(a));
  // Had a node logged what came from the other one, the log would be twice as long.
  expect(logged.length).toBeLessThanOrEqual(200);
});

test('words written while a node heard no notices are there when it hears again', async () => {
  const story = await plant(fresh, mira.user.id);
  const [a, b] = await Promise.all([join(here, story.words), join(there, story.words)]);
  await fresh.pool.query(`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and query ilike 'listen %'`);
  wordsOf(a.doc).insert(0, 'unheard');
  await eventually(() => expect(textOf(b)).toBe('unheard'));
});

test('a new name reaches every open story that its voice is in, on both nodes', async () => {
  const jo = await person(fresh, 'Jo');
  const [one, two] = [await plant(fresh, jo.user.id), await plant(fresh, mira.user.id)];
  const { storyId, seedId: parentId } = two;
  await publishTake(fresh, { storyId, parentId, authorId: jo.user.id });
  const stranger = await plant(fresh, mira.user.id);
  const [a, b, c] = [
    await join(here, one.tree),
    await join(there, two.tree),
    await join(here, stranger.tree),
  ];
  await renameUser(fresh.db, jo.user.id, 'Joanna');
  const named = (client: TestClient) => readTree(client.doc).voices.get(jo.user.id)?.name;
  await eventually(() => expect([named(a), named(b)]).toEqual(['Joanna', 'Joanna']));
  expect(readTree(c.doc).meta?.revision).toBe(1);
});
