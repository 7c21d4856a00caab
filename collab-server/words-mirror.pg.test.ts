// The words in a take's row are those of its document, whoever was killed on the way.
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import { compactDocument } from '#backend/postgres/compaction.ts';
import { appendUpdates, mirrorWords, unmirroredWords } from '#backend/postgres/documents.ts';
import { mergeIntoState } from '#backend/postgres/merge-updates.ts';
import { wordsOf } from '#domain/story/document.ts';
import { freshDatabase, type FreshDatabase } from '../tests/harness/database.ts';
import { spill } from './spill.ts';
import { person, plant, serve, type TestPerson, type TestStory } from './testing/world.ts';

let fresh: FreshDatabase;
let mira: TestPerson;
let story: TestStory;

beforeAll(async () => {
  fresh = await freshDatabase();
  mira = await person(fresh, 'Mira');
});
beforeEach(async () => {
  story = await plant(fresh, mira.user.id);
});
afterAll(() => fresh.close());

/** Puts words before those of a document, straight into the log. */
async function write(doc: Y.Doc, text: string): Promise<void> {
  const before = Y.encodeStateVector(doc);
  wordsOf(doc).insert(0, text);
  const update = Y.encodeStateAsUpdate(doc, before);
  await appendUpdates(fresh.db, [{ document: story.words, update, userId: mira.user.id }]);
}

async function rowWords(): Promise<unknown> {
  const { rows } = await fresh.pool.query('select words from takes where id = $1', [story.seedId]);
  return rows[0];
}

const eventually = (check: () => Promise<void>) =>
  vi.waitFor(check, { timeout: 60_000, interval: 20 });

describe('rows of words that a killed process left behind', () => {
  test('are brought up to date by the next start, with nobody opening the words', async () => {
    const doc = new Y.Doc();
    await write(doc, 'Once');
    const node = await serve(fresh);
    await eventually(async () => expect(await rowWords()).toEqual({ words: 'Once' }));
    await node.stopAll();
    expect(await unmirroredWords(fresh.db)).not.toContain(story.seedId);
    await write(doc, 'Late. ');
    await compactDocument(fresh.db, story.words, { merge: mergeIntoState });
    expect(await unmirroredWords(fresh.db)).toContain(story.seedId);
    const next = await serve(fresh);
    await eventually(async () => expect(await rowWords()).toEqual({ words: 'Late. Once' }));
    await next.stopAll();
  });

  test('are those of the log without the one character that no row can keep', async () => {
    await write(new Y.Doc(), 'On\0ce');
    await fresh.db.transaction((tx) => mirrorWords(tx, story.seedId));
    expect(await rowWords()).toEqual({ words: 'Once' });
    expect(await unmirroredWords(fresh.db)).not.toContain(story.seedId);
  });

  test('are found behind an update that was committed late, too', async () => {
    const slow = await fresh.pool.connect();
    await slow.query('begin');
    const doc = new Y.Doc();
    wordsOf(doc).insert(0, 'late');
    const update = Buffer.from(Y.encodeStateAsUpdate(doc));
    await slow.query('insert into document_updates (document, update) values ($1, $2)', [
      story.words,
      update,
    ]);
    await write(new Y.Doc(), 'early');
    const node = await serve(fresh);
    await eventually(async () => expect(await rowWords()).toEqual({ words: 'early' }));
    await node.stopAll();
    await slow.query('commit');
    slow.release();
    expect(await unmirroredWords(fresh.db)).toContain(story.seedId);
  });

  test('take in what it had spilled', async () => {
    const spillFolder = await mkdtemp(path.join(tmpdir(), 'tap-story-spill-'));
    const doc = new Y.Doc();
    wordsOf(doc).insert(0, 'Spilled');
    const update = Y.encodeStateAsUpdate(doc);
    await spill(spillFolder, [{ document: story.words, update, userId: mira.user.id }], fresh.log);
    const node = await serve(fresh, { spillFolder });
    await eventually(async () => expect(await rowWords()).toEqual({ words: 'Spilled' }));
    await node.stopAll();
  });
});
