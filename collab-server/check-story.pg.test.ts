// The checker of documents against rows, and the tree that rows can rebuild.
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import { appendUpdates, readUpdates } from '#backend/postgres/documents.ts';
import { checkStory } from '#backend/story/check-story.ts';
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
  type TestStory,
} from './testing/world.ts';

let fresh: FreshDatabase;
let mira: TestPerson;
let server: TestServer;
const leaving: TestClient[] = [];

beforeAll(async () => {
  fresh = await freshDatabase();
  mira = await person(fresh, 'Mira');
  server = await serve(fresh, { warmMs: 0 });
});

afterEach(() => {
  for (const client of leaving.splice(0)) client.destroy();
});

afterAll(async () => {
  await server.stopAll();
  await fresh.close();
});

const eventually = (check: () => void | Promise<void>) =>
  vi.waitFor(check, { timeout: 10_000, interval: 10 });

async function join(name: string): Promise<TestClient> {
  const client = connect(server.url, name, mira);
  leaving.push(client);
  await eventually(() => expect(client.provider.isSynced).toBe(true));
  return client;
}

/** A story of three takes, opened once, with words that somebody wrote and that are mirrored. */
async function story(): Promise<TestStory> {
  const planted = await plant(fresh, mira.user.id);
  const take = {
    storyId: planted.storyId,
    parentId: planted.seedId,
    authorId: mira.user.id,
  };
  await publishTake(fresh, take);
  await publishTake(fresh, take);
  const [, words] = [await join(planted.tree), await join(planted.words)];
  wordsOf(words.doc).insert(0, 'written together');
  await eventually(async () => {
    const { rows } = await fresh.pool.query('select words from takes where id = $1', [
      planted.seedId,
    ]);
    expect(rows).toEqual([{ words: 'written together' }]);
  });
  return planted;
}

const faults = ({ storyId }: TestStory) => checkStory(fresh.db, storyId, { wordsLagMs: 0 });

/** Writes into a document as nobody may: straight into its log. */
async function tamper(document: string, change: (doc: Y.Doc) => void): Promise<void> {
  const doc = new Y.Doc();
  for (const { update } of await readUpdates(fresh.db, document)) Y.applyUpdate(doc, update);
  const before = Y.encodeStateVector(doc);
  change(doc);
  const update = Y.encodeStateAsUpdate(doc, before);
  await appendUpdates(fresh.db, [{ document, update }]);
}

test('nothing is said of a story whose documents and rows agree, opened, behind or unopened', async () => {
  const opened = await story();
  expect(await faults(opened)).toEqual([]);
  for (const client of leaving.splice(0)) client.destroy();
  const take = { storyId: opened.storyId, parentId: opened.seedId, authorId: mira.user.id };
  await publishTake(fresh, take);
  expect(await faults(opened)).toEqual([]);
  expect(await faults(await plant(fresh, mira.user.id, 'never opened'))).toEqual([]);
});

test('a row that changed without an event is named', async () => {
  const { seedId, ...rest } = await story();
  await fresh.pool.query('update takes set duration_samples = 5 where id = $1', [seedId]);
  const [fault, ...more] = await faults({ seedId, ...rest });
  expect(fault).toContain(`take ${seedId} is {`);
  expect(fault).toContain('"durationSamples":5');
  expect(more).toEqual([]);
});

test('takes and titles that the document has otherwise, or alone, or not, are named', async () => {
  const planted = await story();
  const ghost = '9b2a4f4e-6a52-4a4b-9a51-0d6a3f9f3a11';
  await tamper(planted.tree, (doc) => {
    const [takes, states] = [doc.getMap<object>('takes'), doc.getMap<object>('states')];
    takes.set(ghost, { ...takes.get(planted.seedId), id: ghost });
    states.set(ghost, { status: 'processing' });
    takes.delete(planted.seedId);
    doc.getMap('meta').set('title', 'Another title');
  });
  expect(await faults(planted)).toEqual([
    expect.stringContaining('meta title is "Another title", but its row says "The lighthouse"'),
    expect.stringContaining(`take ${ghost} has no row`),
    expect.stringContaining(`take ${planted.seedId} is missing from the document`),
  ]);
});

test('words that the row has otherwise are named, once they had the time to be mirrored', async () => {
  const planted = await story();
  await fresh.pool.query(`update takes set words = 'tampered' where id = $1`, [planted.seedId]);
  expect(await checkStory(fresh.db, planted.storyId)).toEqual([]);
  expect(await faults(planted)).toEqual([`${planted.words}: the row has other words`]);
});

test('a take without an event, and a log with a gap, are named', async () => {
  const planted = await story();
  await fresh.pool.query('delete from story_events where take_id = $1', [planted.seedId]);
  expect(await faults(planted)).toContain(
    `take ${planted.seedId}: no event was recorded of its row`,
  );
  const gapped = new Y.Doc();
  wordsOf(gapped).insert(0, 'lost');
  const before = Y.encodeStateVector(gapped);
  wordsOf(gapped).insert(4, ' and found');
  const update = Y.encodeStateAsUpdate(gapped, before);
  await appendUpdates(fresh.db, [{ document: planted.words, update }]);
  expect(await faults(planted)).toContain(`${planted.words}: updates are missing from the log`);
});

test('a tree whose log is lost is rebuilt from the rows when it is next opened', async () => {
  const planted = await story();
  const before = readTree((await join(planted.tree)).doc);
  for (const client of leaving.splice(0)) client.destroy();
  await fresh.pool.query('delete from document_updates where document = $1', [planted.tree]);
  const other = await serve(fresh);
  const client = connect(other.url, planted.tree, mira);
  leaving.push(client);
  await eventually(() => expect(readTree(client.doc)).toEqual(before));
  expect(await faults(planted)).toEqual([]);
  client.destroy();
  await other.stopAll();
});
