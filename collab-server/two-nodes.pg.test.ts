// Two collab-servers on one Postgres: what is written on one is on the other.
import { beforeAll, expect, test } from 'vitest';
import * as Y from 'yjs';
import { renameUser } from '#backend/accounts/guests.ts';
import { readUpdates } from '#backend/postgres/documents.ts';
import { readTree, wordsOf } from '#domain/story/document.ts';
import { freshDatabase } from '../tests/harness/database.ts';
import { eventually, synced, textOf, useHouse } from './testing/house.ts';
import { plant, publishTake, type TestClient, type TestServer } from './testing/world.ts';

const house = useHouse(freshDatabase);
let there: TestServer;

beforeAll(async () => {
  there = await house.openNode();
});

async function join(server: TestServer, name: string): Promise<TestClient> {
  const client = house.join(name, house.mira, server);
  await synced(client);
  return client;
}

test('words that are open on both nodes grow on both', async () => {
  const story = await house.plant('Base.');
  const [a, b] = await Promise.all([join(house.server, story.words), join(there, story.words)]);
  wordsOf(a.doc).insert(0, 'here ');
  await eventually(() => expect(textOf(b)).toBe('here Base.'));
  wordsOf(b.doc).insert(wordsOf(b.doc).length, ' there');
  await eventually(() => expect(textOf(a)).toBe('here Base. there'));
});

test('edits from both sides at once end in the same words, each of them logged once', async () => {
  const story = await house.plant();
  const [a, b] = await Promise.all([join(house.server, story.words), join(there, story.words)]);
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
  const logged = await readUpdates(house.fresh.db, story.words);
  const once = new Y.Doc();
  for (const { update } of logged) Y.applyUpdate(once, update);
  expect(wordsOf(once).toJSON()).toBe(textOf(a));
  // Had a node logged what came from the other one, the log would be twice as long.
  expect(logged.length).toBeLessThanOrEqual(200);
});

test('words written while a node heard no notices are there when it hears again', async () => {
  const story = await house.plant();
  const [a, b] = await Promise.all([join(house.server, story.words), join(there, story.words)]);
  await house.fresh.pool.query(`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and query ilike 'listen %'`);
  wordsOf(a.doc).insert(0, 'unheard');
  await eventually(() => expect(textOf(b)).toBe('unheard'));
});

test('a new name reaches every open story that its voice is in, on both nodes', async () => {
  const { jo } = house;
  const [one, two] = [await plant(house.fresh, jo.user.id), await house.plant()];
  const { storyId, seedId: parentId } = two;
  await publishTake(house.fresh, { storyId, parentId, authorId: jo.user.id });
  const stranger = await house.plant();
  const [a, b, c] = [
    await join(house.server, one.tree),
    await join(there, two.tree),
    await join(house.server, stranger.tree),
  ];
  await renameUser(house.fresh.db, jo.user.id, 'Joanna');
  const named = (client: TestClient) => readTree(client.doc).voices.get(jo.user.id)?.name;
  await eventually(() => expect([named(a), named(b)]).toEqual(['Joanna', 'Joanna']));
  expect(readTree(c.doc).meta?.revision).toBe(1);
});
