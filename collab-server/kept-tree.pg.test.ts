// What the thread of the trees reports: a story that nothing happens to is bytes, and whoever is
// sent the reports has all of it, whatever the thread kept in between.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import { compactDocument } from '#backend/postgres/compaction.ts';
import { mergeIntoState } from '#backend/postgres/merge-updates.ts';
import { mendStory } from '#backend/story/check-story.ts';
import { TreeLog } from '#backend/story/tree-log.ts';
import { readTree } from '#domain/story/document.ts';
import { freshDatabase, type FreshDatabase } from '../tests/harness/database.ts';
import { readFrame, syncIn } from './frames.ts';
import { writeLifeInto } from './testing/large-story.ts';
import { person, plant, publishTake, type TestPerson, type TestStory } from './testing/world.ts';
import { TreeKeeper } from './tree-keeper.ts';
import type { TreeReport } from './tree-messages.ts';

const QUIET_MS = 100;

let fresh: FreshDatabase;
let mira: TestPerson;
let story: TestStory;
let keeper: TreeKeeper;
let reports: TreeReport[];
let reader: Y.Doc;

beforeAll(async () => {
  fresh = await freshDatabase();
  mira = await person(fresh, 'Mira');
});

beforeEach(async () => {
  story = await plant(fresh, mira.user.id);
  begin();
});

afterEach(() => keeper.stop());
afterAll(() => fresh.close());

/** Another thread: it knows nothing. */
function begin(): void {
  reports = [];
  reader = new Y.Doc();
  keeper = new TreeKeeper({ db: fresh.db, log: fresh.log, quietMs: QUIET_MS, report: heard });
}

function heard(report: TreeReport): void {
  reports.push(report);
  if (report.type === 'opened') for (const frame of report.frames) apply(frame);
  if (report.type === 'grown') apply(report.frame);
}

function apply(frame: Uint8Array): void {
  Y.applyUpdate(reader, syncIn(readFrame(frame))?.payload ?? new Uint8Array());
}

const eventually = (check: () => void) => vi.waitFor(check, { timeout: 60_000, interval: 10 });
const typesOf = () => reports.map(({ type }) => type);
const takes = () => new Set(readTree(reader).takes.map(({ id }) => id));
const publish = () =>
  publishTake(fresh, { ...story, parentId: story.seedId, authorId: mira.user.id });

/** The tree as its log has it, with a thread that has just begun. */
async function openStored(have: Uint8Array | null = null): Promise<void> {
  await new TreeLog(story.storyId).catchUp(fresh.db);
  begin();
  keeper.handle({ type: 'open', tree: 1, storyId: story.storyId, have });
  await eventually(() => expect(typesOf()).toContain('opened'));
}

test('a tree that is up to date is opened and asked about without a document', async () => {
  await publish();
  await openStored();
  expect(keeper.documents).toBe(0);
  expect(takes().size).toBe(2);
  // Whoever comes back has it all, and says so.
  keeper.handle({ type: 'lacks', tree: 1, key: 'all', vector: Y.encodeStateVector(reader) });
  keeper.handle({ type: 'knows', tree: 1, id: 1, update: Y.encodeStateAsUpdate(reader) });
  reader.getMap('tree').delete(story.seedId);
  keeper.handle({ type: 'knows', tree: 1, id: 2, update: Y.encodeStateAsUpdate(reader) });
  expect(reports.slice(1)).toMatchObject([
    { type: 'lacked', key: 'all' },
    { type: 'known', id: 1, isKnown: true },
    { type: 'known', id: 2, isKnown: false },
  ]);
  // A notice that there is nothing new.
  keeper.handle({ type: 'changed', tree: 1 });
  await keeper.stop();
  expect([keeper.documents, reports.length]).toEqual([0, 4]);
});

test('a log that was never compacted opens as bytes, too', async () => {
  for (let n = 0; n < 3; n += 1) await publish();
  await fresh.pool.query('delete from document_updates where document = $1', [story.tree]);
  await writeLifeInto(fresh, story);
  await openStored();
  expect([keeper.documents, takes().size]).toEqual([0, 4]);
  await keeper.stop();
  await compactDocument(fresh.db, story.tree, { merge: mergeIntoState });
  await openStored();
  expect([keeper.documents, takes().size]).toEqual([0, 4]);
});

test('a tree that is behind its rows is brought up to date before it is opened', async () => {
  await openStored();
  await keeper.stop();
  const id = await publish();
  begin();
  keeper.handle({ type: 'open', tree: 1, storyId: story.storyId, have: null });
  await eventually(() => expect(typesOf()).toContain('opened'));
  expect(takes()).toEqual(new Set([story.seedId, id]));
});

test('a document is made when something happens, told of alone, and let go again', async () => {
  await openStored();
  for (let n = 2; n < 5; n += 1) {
    await publish();
    keeper.handle({ type: 'changed', tree: 1 });
    await eventually(() => expect(takes().size).toBe(n));
    await eventually(() => expect(keeper.documents).toBe(0));
    if (n === 3) await compactDocument(fresh.db, story.tree, { merge: mergeIntoState });
  }
  expect(typesOf().filter((type) => type === 'opened')).toHaveLength(1);
  const grown = reports.flatMap((report) => (report.type === 'grown' ? [report.frame] : []));
  expect(grown).toHaveLength(3);
  // What came, and not the tree with it.
  for (const { byteLength } of grown) expect(byteLength).toBeLessThan(900);
  expect(reader.store.pendingStructs).toBeNull();
});

test('what somebody lacks who was away is told from a document that is made for it', async () => {
  await openStored();
  const old = Y.encodeStateVector(reader);
  const late = new Y.Doc();
  Y.applyUpdate(late, Y.encodeStateAsUpdate(reader));
  await publish();
  keeper.handle({ type: 'changed', tree: 1 });
  await eventually(() => expect(takes().size).toBe(2));
  await eventually(() => expect(keeper.documents).toBe(0));
  keeper.handle({ type: 'lacks', tree: 1, key: 'old', vector: old });
  await eventually(() => expect(typesOf()).toContain('lacked'));
  for (const report of reports) {
    if (report.type !== 'lacked') continue;
    Y.applyUpdate(late, syncIn(readFrame(report.frame))?.payload ?? new Uint8Array());
  }
  expect(readTree(late)).toEqual(readTree(reader));
});

test('a log that another node writes, mends or loses meanwhile is followed', async () => {
  await openStored();
  const other = new TreeLog(story.storyId);
  await publish();
  await other.catchUp(fresh.db);
  keeper.handle({ type: 'changed', tree: 1 });
  await eventually(() => expect(takes().size).toBe(2));
  await eventually(() => expect(keeper.documents).toBe(0));
  await mendStory(fresh.db, story.storyId);
  await fresh.pool.query('delete from document_updates where document = $1', [story.tree]);
  await fresh.pool.query('delete from document_snapshots where document = $1', [story.tree]);
  const second = await publish();
  keeper.handle({ type: 'changed', tree: 1 });
  await eventually(() => expect(takes()).toContain(second));
  expect(reader.store.pendingStructs).toBeNull();
});

test('a thread that takes another’s place tells readers what came since, and no more', async () => {
  await openStored();
  const have = Y.encodeStateVector(reader);
  const before = Y.encodeStateAsUpdate(reader);
  await keeper.stop();
  await openStored(have);
  expect(reports).toMatchObject([{ type: 'opened', missed: null }]);
  expect(keeper.documents).toBe(0);
  await keeper.stop();
  await publish();
  await openStored(have);
  const [opened] = reports;
  const missed = opened?.type === 'opened' ? opened.missed : null;
  const left = new Y.Doc();
  Y.applyUpdate(left, before);
  Y.applyUpdate(left, syncIn(readFrame(missed ?? new Uint8Array()))?.payload ?? before);
  expect(readTree(left).takes).toHaveLength(2);
});
