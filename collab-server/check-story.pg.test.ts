// The checker of documents against rows, and the tree that rows can rebuild.
import { expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import { appendUpdates, readUpdates } from '#backend/postgres/documents.ts';
import { checkStory, mendStory } from '#backend/story/check-story.ts';
import { readTree, wordsOf } from '#domain/story/document.ts';
import { freshDatabase } from '../tests/harness/database.ts';
import { eventually, synced, useHouse } from './testing/house.ts';
import { publishTake, type TestClient, type TestStory } from './testing/world.ts';

vi.setConfig({ testTimeout: 180_000 });

const house = useHouse(freshDatabase, { warmMs: 0 });

async function join(name: string): Promise<TestClient> {
  const client = house.join(name, house.mira);
  await synced(client);
  return client;
}

/** A story of three takes, opened once, with words that somebody wrote and that are mirrored. */
async function story(): Promise<TestStory> {
  const planted = await house.plant();
  const take = {
    storyId: planted.storyId,
    parentId: planted.seedId,
    authorId: house.mira.user.id,
  };
  await publishTake(house.fresh, take);
  await publishTake(house.fresh, take);
  const [, words] = [await join(planted.tree), await join(planted.words)];
  wordsOf(words.doc).insert(0, 'written together');
  await eventually(async () => {
    const { rows } = await house.fresh.pool.query('select words from takes where id = $1', [
      planted.seedId,
    ]);
    expect(rows).toEqual([{ words: 'written together' }]);
  });
  return planted;
}

const faults = ({ storyId }: TestStory) => checkStory(house.fresh.db, storyId, { wordsLagMs: 0 });

/** Writes into a document as nobody may: straight into its log. */
async function tamper(document: string, change: (doc: Y.Doc) => void): Promise<void> {
  const doc = new Y.Doc();
  for (const { update } of await readUpdates(house.fresh.db, document)) Y.applyUpdate(doc, update);
  const before = Y.encodeStateVector(doc);
  change(doc);
  const update = Y.encodeStateAsUpdate(doc, before);
  await appendUpdates(house.fresh.db, [{ document, update }]);
}

test('nothing is said of a story whose documents and rows agree, opened, behind or unopened', async () => {
  const opened = await story();
  expect(await faults(opened)).toEqual([]);
  await house.leave();
  const take = { storyId: opened.storyId, parentId: opened.seedId, authorId: house.mira.user.id };
  await publishTake(house.fresh, take);
  expect(await faults(opened)).toEqual([]);
  expect(await faults(await house.plant('never opened'))).toEqual([]);
});

test('a row that changed without an event is named', async () => {
  const { seedId, ...rest } = await story();
  await house.fresh.pool.query('update takes set duration_samples = 5 where id = $1', [seedId]);
  const [fault, ...more] = await faults({ seedId, ...rest });
  expect(fault).toContain(`take ${seedId} is {`);
  expect(fault).toContain('"durationSamples":5');
  expect(more).toEqual([]);
});

test('takes and titles that the document has otherwise, or alone, or not, are named', async () => {
  const planted = await story();
  const ghost = '9b2a4f4e-6a52-4a4b-9a51-0d6a3f9f3a11';
  await tamper(planted.tree, (doc) => {
    const [tree, meta] = [doc.getMap<object>('tree'), doc.getMap<object>('meta')];
    tree.set(ghost, { ...tree.get(planted.seedId) });
    tree.delete(planted.seedId);
    meta.set('story', { ...meta.get('story'), title: 'Another title' });
  });
  expect(await faults(planted)).toEqual([
    expect.stringContaining('meta title is "Another title", but its row says "The lighthouse"'),
    expect.stringContaining(`take ${ghost} has no row`),
    expect.stringContaining(`take ${planted.seedId} is missing from the document`),
  ]);
});

test('words that the row has otherwise are named, once they had the time to be mirrored', async () => {
  const planted = await story();
  await house.fresh.pool.query(`update takes set words = 'tampered' where id = $1`, [
    planted.seedId,
  ]);
  expect(await checkStory(house.fresh.db, planted.storyId)).toEqual([]);
  expect(await faults(planted)).toEqual([`${planted.words}: the row has other words`]);
});

test('a take without an event, and a log with a gap, are named', async () => {
  const planted = await story();
  await house.fresh.pool.query('delete from story_events where take_id = $1', [planted.seedId]);
  expect(await faults(planted)).toContain(
    `take ${planted.seedId}: no event was recorded of its row`,
  );
  const gapped = new Y.Doc();
  wordsOf(gapped).insert(0, 'lost');
  const before = Y.encodeStateVector(gapped);
  wordsOf(gapped).insert(4, ' and found');
  const update = Y.encodeStateAsUpdate(gapped, before);
  await appendUpdates(house.fresh.db, [{ document: planted.words, update }]);
  expect(await faults(planted)).toContain(`${planted.words}: updates are missing from the log`);
});

/** What a copy of a tree says; the order in which it came to say so does not matter. */
function saidBy({ doc }: Pick<TestClient, 'doc'>) {
  const { meta, takes, voices } = readTree(doc);
  return { meta, takes: new Map(takes.map((take) => [take.id, take])), voices };
}

/** What a tree says to those who have it open, and to somebody who comes now: the same. */
async function agree(tree: string, readers: readonly Pick<TestClient, 'doc'>[]): Promise<void> {
  const newcomer = await join(tree);
  await eventually(() => {
    for (const reader of readers) {
      expect(saidBy(reader)).toEqual(saidBy(newcomer));
      expect(reader.doc.store.pendingStructs).toBeNull();
    }
  });
}

test('a tree that differs is mended under those who have it open', async () => {
  const planted = await story();
  const reader = await join(planted.tree);
  await tamper(planted.tree, (doc) => {
    const [tree, meta] = [doc.getMap<object>('tree'), doc.getMap<object>('meta')];
    const ghost = '9b2a4f4e-6a52-4a4b-9a51-0d6a3f9f3a12';
    tree.set(ghost, { ...tree.get(planted.seedId) });
    tree.delete(planted.seedId);
    meta.set('story', { ...meta.get('story'), title: 'Another title' });
  });
  await house.fresh.pool.query('delete from story_events where take_id = $1', [planted.seedId]);
  await house.fresh.pool.query('update takes set duration_samples = 5 where id = $1', [
    planted.seedId,
  ]);
  expect(await faults(planted)).not.toEqual([]);
  await mendStory(house.fresh.db, planted.storyId);
  expect(await faults(planted)).toEqual([]);
  await eventually(() => {
    const seed = readTree(reader.doc).takes.find(({ id }) => id === planted.seedId);
    expect(seed?.durationSamples).toBe(5);
  });
  await agree(planted.tree, [reader]);
  expect(readTree(reader.doc).meta?.title).toBe('The lighthouse');
});

test('what the version before did not say of a take is named, and written by a repair', async () => {
  const planted = await story();
  const { seedId: takeId } = planted;
  await house.fresh.pool.query(
    `insert into mixes (take_id, plan_sha256, sounds, render_version, first_segment, packs)
     values ($1, 'all', array[$1::uuid], 1, 0, '{}'), ($1, 'hushed', '{}', 1, 0, '{}')`,
    [takeId],
  );
  await tamper(planted.tree, (doc) => {
    const tree = doc.getMap<object>('tree');
    tree.set(takeId, { ...tree.get(takeId), mixed: true });
  });
  expect(await faults(planted)).toEqual([expect.stringContaining('"mixes":2')]);
  await mendStory(house.fresh.db, planted.storyId);
  expect(await faults(planted)).toEqual([]);
});

test('a log that has lost updates is mended when it is read, for those who had them, too', async () => {
  const planted = await story();
  const { storyId, seedId: parentId, tree } = planted;
  const [reader, before] = [await join(tree), new Y.Doc()];
  for (let n = 0; n < 3; n += 1) {
    await publishTake(house.fresh, { storyId, parentId, authorId: house.mira.user.id });
    await eventually(() => expect(readTree(reader.doc).takes).toHaveLength(4 + n));
  }
  Y.applyUpdate(before, Y.encodeStateAsUpdate(reader.doc));
  await house.fresh.pool.query(
    `delete from document_updates where seq =
       (select seq from document_updates where document = $1 order by seq desc offset 1 limit 1)`,
    [tree],
  );
  const other = await house.openNode();
  const away = house.join(tree, house.mira, { url: other.url, doc: before });
  await synced(away);
  await eventually(async () => expect(await faults(planted)).toEqual([]));
  await publishTake(house.fresh, { storyId, parentId, authorId: house.mira.user.id });
  await eventually(() => expect(readTree(reader.doc).takes).toHaveLength(7));
  await agree(tree, [reader, away]);
});

test('a tree whose log is lost is rebuilt from the rows, for those with an old copy, too', async () => {
  const planted = await story();
  const reader = await join(planted.tree);
  const before = readTree(reader.doc);
  await house.leave();
  await house.fresh.pool.query('delete from document_updates where document = $1', [planted.tree]);
  const { storyId, seedId: parentId } = planted;
  await publishTake(house.fresh, { storyId, parentId, authorId: house.mira.user.id });
  const { url } = await house.openNode();
  const client = house.join(planted.tree, house.mira, { url });
  const away = house.join(planted.tree, house.mira, { url, doc: reader.doc });
  await eventually(() => {
    expect(readTree(client.doc).takes).toHaveLength(before.takes.length + 1);
    expect(saidBy(away)).toEqual(saidBy(client));
  });
  expect(readTree(client.doc).takes).toEqual(expect.arrayContaining([...before.takes]));
  expect(await faults(planted)).toEqual([]);
});
