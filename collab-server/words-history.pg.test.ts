// Who changed which words when is known for good, whether the log was compacted since or not.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import { compactDocument, type CompactionStep } from '#backend/postgres/compaction.ts';
import { appendUpdates } from '#backend/postgres/documents.ts';
import { mergeIntoState } from '#backend/postgres/merge-updates.ts';
import { inOneState, keepVersions, KEPT_IN_ALL, readVersions } from '#backend/words/versions.ts';
import { wordsOf } from '#domain/story/document.ts';
import { PAUSE_MS, type Version } from '#domain/story/words-history.ts';
import { freshDatabase, type FreshDatabase } from '../tests/harness/database.ts';
import { person, plant, type TestPerson, type TestStory } from './testing/world.ts';

const dying = new URL('testing/compact-and-die.ts', import.meta.url);
const MINUTE_MS = 60_000;

let fresh: FreshDatabase;
let mira: TestPerson;
let jo: TestPerson;
let story: TestStory;

beforeAll(async () => {
  fresh = await freshDatabase();
  [mira, jo] = [await person(fresh, 'Mira'), await person(fresh, 'Jo')];
});
beforeEach(async () => {
  story = await plant(fresh, mira.user.id);
});
afterAll(() => fresh.close());

/** Writes into the log of the story's words, as somebody at some minute of a day. */
function scribe() {
  const doc = new Y.Doc();
  return async (by: TestPerson, minute: number, change: (words: Y.Text) => void) => {
    const before = Y.encodeStateVector(doc);
    doc.transact(() => change(wordsOf(doc)));
    const update = Y.encodeStateAsUpdate(doc, before);
    const entry = { document: story.words, update, userId: by.user.id };
    const [seq] = await appendUpdates(fresh.db, [entry]);
    const at = new Date(Date.UTC(2026, 0, 1) + minute * MINUTE_MS);
    await fresh.pool.query('update document_updates set created_at = $2 where seq = $1', [seq, at]);
  };
}

const compact = () =>
  compactDocument(fresh.db, story.words, { merge: mergeIntoState, keep: keepVersions });
const versions = () => inOneState(fresh.db, (tx) => readVersions(tx, story.seedId));
const told = (all: readonly Version[]) =>
  all.map(({ authorId, marks }) => [authorId === jo.user.id ? 'Jo' : 'Mira', marks]);

async function twoPeople(): Promise<void> {
  const write = scribe();
  await write(mira, 0, (words) => words.insert(0, 'Once there was a pier'));
  await write(mira, 0.5, (words) => words.insert(words.length, '.'));
  await write(jo, 0.7, (words) => words.delete(0, 4));
  await write(mira, 1, (words) => words.insert(words.length, ' Long.'));
  await write(jo, 1.2, (words) => words.insert(0, 'Then'));
  await write(mira, 10, (words) => words.insert(words.length, ' Gone.'));
}

const expected = [
  ['Mira', [['+', ' there was a pier. Long.']]],
  [
    'Jo',
    [
      ['-', 'Once'],
      ['+', 'Then'],
      ['=', ' there was a pier. Long.'],
    ],
  ],
  [
    'Mira',
    [
      ['=', 'Then there was a pier. Long.'],
      ['+', ' Gone.'],
    ],
  ],
];

describe('the history of words', () => {
  test('says who changed what, from the log and from what it was compacted to', async () => {
    await twoPeople();
    expect(told(await versions())).toEqual(expected);
    const before = await versions();
    expect(await compact()).toBe(6);
    expect((await fresh.pool.query('select from words_versions')).rowCount).toBe(3);
    expect(await versions()).toEqual(before);
  });

  test('is the same if compaction came while somebody was writing', async () => {
    const write = scribe();
    for (const [minute, word] of 'the pier was long and it was gone before'.split(' ').entries()) {
      await write(minute % 2 === 0 ? mira : jo, minute / 4, (words) => words.insert(0, word));
      if (minute % 5 === 0) await compact();
    }
    const all = await versions();
    expect(all.map(({ authorId }) => authorId)).toEqual([jo.user.id, mira.user.id]);
    await compact();
    expect(await versions()).toEqual(all);
  });

  test.each(['kept', 'committed'] satisfies CompactionStep[])(
    'is whole after a compaction that was killed once it had %s',
    async (step) => {
      await twoPeople();
      const before = await versions();
      const child = fork(dying, [fresh.url, story.words, step], { stdio: 'ignore' });
      expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
      expect(await versions()).toEqual(before);
      await vi.waitFor(async () => expect(await compact()).toBe(step === 'committed' ? 0 : 6), {
        timeout: 60_000,
      });
      expect(await versions()).toEqual(before);
    },
  );

  test('bears whatever people can type', async () => {
    const write = scribe();
    const text = `\u0000 "\\ud800" 🌊`;
    await write(mira, 0, (words) => words.insert(0, text));
    await compact();
    expect(told(await versions())).toEqual([['Mira', [['+', text]]]]);
  });

  test('is thinned out: all new versions stay, of old ones the last of each day, and the first', async () => {
    const write = scribe();
    const pause = (2 * PAUSE_MS) / MINUTE_MS;
    for (let n = 0; n < 30; n += 1) await write(mira, n * pause, (words) => words.insert(0, 'a'));
    await compact();
    // The same again, as it would be after years: 30 versions in one day, then one a day.
    await fresh.pool.query(
      `insert into words_versions (take_id, seq, kind, author_id, began_at, ended_at, marks)
       select $1, 1000000 + n, 'edit', $2, at, at, '[["=","a"]]'
       from generate_series(1, 600) n, lateral (select timestamptz '2026-01-02' + n * interval '1 day') d(at)`,
      [story.seedId, mira.user.id],
    );
    const first = (await versions())[0];
    await write(jo, 700 * 24 * 60, (words) => words.insert(0, 'b'));
    await compact();
    const kept = await versions();
    expect(kept).toHaveLength(KEPT_IN_ALL + 1);
    expect(kept[0]).toEqual(first);
    expect(kept.at(-1)?.authorId).toBe(jo.user.id);
  });
});
