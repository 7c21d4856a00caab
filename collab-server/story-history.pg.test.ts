// What happened in a story, and the story as it was, as each may see it.
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import * as Y from 'yjs';
import { compactDocument } from '#backend/postgres/compaction.ts';
import { appendUpdates } from '#backend/postgres/documents.ts';
import { mergeIntoState } from '#backend/postgres/merge-updates.ts';
import { readStoryAt } from '#backend/story/as-it-was.ts';
import { changeStory } from '#backend/story/change-story.ts';
import { openQueue, type Queue } from '#backend/queue/queue.ts';
import { setHidden } from '#backend/story/change-take.ts';
import { setDeleted } from '#backend/story/delete-story.ts';
import { readStoryLog } from '#backend/story/story-log.ts';
import { forgetWords } from '#backend/words/forget.ts';
import { keepVersions } from '#backend/words/versions.ts';
import { wordsOf } from '#domain/story/document.ts';
import type { TakeId } from '#domain/story/ids.ts';
import { freshDatabase, type FreshDatabase } from '../tests/harness/database.ts';
import { person, plant, publishTake, type TestPerson, type TestStory } from './testing/world.ts';
import { Words } from './words.ts';

let fresh: FreshDatabase;
let queue: Queue;
let mira: TestPerson;
let jo: TestPerson;
let story: TestStory;
let answer: TakeId;
let slug: string;

const HOUR_MS = 3_600_000;
const noon = Date.UTC(2026, 0, 1, 12);
const at = (hour: number) => new Date(noon + hour * HOUR_MS);

beforeAll(async () => {
  fresh = await freshDatabase();
  queue = await openQueue(fresh.url, { log: fresh.log });
  [mira, jo] = [await person(fresh, 'Mira'), await person(fresh, 'Jo')];
});
afterAll(async () => {
  await queue.stop();
  await fresh.close();
});

/** Noon: Mira plants. 1: Jo answers. 2: Jo changes Mira's words. 3: retitled. 4: Jo's is hidden. */
beforeEach(async () => {
  story = await plant(fresh, mira.user.id, 'Once.');
  answer = await publishTake(fresh, {
    storyId: story.storyId,
    parentId: story.seedId,
    authorId: jo.user.id,
    words: 'Then.',
  });
  slug = `the-lighthouse-${story.storyId}`;
  const doc = new Y.Doc();
  await new Words({ db: fresh.db, log: fresh.log }).open(story.seedId, doc);
  const before = Y.encodeStateVector(doc);
  wordsOf(doc).insert(5, ' Twice.');
  const update = Y.encodeStateAsUpdate(doc, before);
  await appendUpdates(fresh.db, [{ document: story.words, update, userId: jo.user.id }]);
  await fresh.pool.query(`update takes set words = 'Once. Twice.' where id = $1`, [story.seedId]);
  await changeStory(fresh.db, mira.user, story.storyId, { title: 'The pier' });
  await setHidden({ db: fresh.db, queue }, mira.user, { takeId: answer, hidden: true });
  await fresh.pool.query(`update takes set created_at = $2 where id = $1`, [story.seedId, at(0)]);
  await fresh.pool.query(`update takes set created_at = $2 where id = $1`, [answer, at(1)]);
  await fresh.pool.query(`update document_updates set created_at = $2 where document = $1`, [
    story.words,
    at(2),
  ]);
  await fresh.pool.query(
    `update story_events set created_at = $2::timestamptz + interval '1 hour' *
       case when kind = 'retitled' then 3 when kind = 'hidden' then 4 else revision - 1 end
     where story_id = $1`,
    [story.storyId, at(0)],
  );
});

const compact = () =>
  compactDocument(fresh.db, story.words, { merge: mergeIntoState, keep: keepVersions });

async function then(hour: number, viewer: TestPerson | null) {
  const found = await readStoryAt(fresh.db, slug, {
    viewer: viewer?.user ?? null,
    atMs: at(hour).getTime(),
  });
  return [
    found?.title,
    ...(found?.takes ?? []).map(({ words, hidden }) => (hidden ? 'hidden' : words)),
  ];
}

test.each([false, true])('a story is seen as it was, compacted: %s', async (compacted) => {
  if (compacted) await compact();
  expect(await then(-1, mira)).toEqual(['The lighthouse']);
  expect(await then(0.5, mira)).toEqual(['The lighthouse', 'Once.']);
  expect(await then(1.5, mira)).toEqual(['The lighthouse', 'Once.', 'Then.']);
  expect(await then(2.5, mira)).toEqual(['The lighthouse', 'Once. Twice.', 'Then.']);
  expect(await then(3.5, mira)).toEqual(['The pier', 'Once. Twice.', 'Then.']);
  // What is hidden now was there then, for those alone who may hear it.
  expect(await then(3.5, null)).toEqual(['The pier', 'Once. Twice.', 'hidden']);
});

test('words that were changed since are for those who may read their history, until forgotten', async () => {
  expect(await then(1.5, null)).toEqual(['The lighthouse', null, 'hidden']);
  expect(await then(1.5, jo)).toEqual(['The lighthouse', 'Once.', 'Then.']);
  await forgetWords(fresh.db, mira.user, { takeId: story.seedId, seq: null });
  expect(await then(1.5, mira)).toEqual(['The lighthouse', null, 'Then.']);
  expect(await then(1e6, mira)).toEqual(['The pier', 'Once. Twice.', 'Then.']);
});

test('is read in one pass over what happened, however many takes there are', async () => {
  const { rows: made } = await fresh.pool.query<{ id: TakeId }>(
    `insert into takes (id, story_id, parent_id, author_id, kind, start_samples, duration_samples,
       status, created_at)
     select gen_random_uuid(), $1, $2, $3, 'text', 0, 96000, 'ready', $4
     from generate_series(1, 200) returning id`,
    [story.storyId, story.seedId, jo.user.id, at(1)],
  );
  await fresh.pool.query(
    `insert into story_events (story_id, revision, take_id, kind, created_at)
     select $1, 1000 + n, ($2::uuid[])[n % 200 + 1], case when n < 400 then 'hidden' else 'shown' end, $3
     from generate_series(1, 600) n`,
    [story.storyId, made.map(({ id }) => id), at(2)],
  );
  const { read, takes } = await fresh.db.transaction(async (tx) => {
    const found = await readStoryAt(tx, slug, {
      viewer: null,
      atMs: at(6).getTime(),
      take: answer,
    });
    const { rows } = await tx.execute<{ read: number }>(
      sql`select (seq_tup_read + idx_tup_fetch)::int as read
          from pg_stat_xact_user_tables where relname = 'story_events'`,
    );
    return { read: rows[0]?.read, takes: found?.takes };
  });
  expect(takes?.filter(({ hidden }) => hidden).map(({ id }) => id)).toEqual([answer]);
  // Once for what is hidden, once for the title.
  expect(read).toBeGreaterThan(600);
  expect(read).toBeLessThan(1_500);
});

test('is read in pages, each take on one of them, with the way to what it answers', async () => {
  // A path as long as it gets, whose every take answers the one before.
  await fresh.pool.query(
    `with made as (select n, gen_random_uuid() as id from generate_series(1, 10000) n)
     insert into takes (id, story_id, parent_id, author_id, kind, start_samples, duration_samples,
       status, words, created_at)
     select id, $1, coalesce(lag(id) over (order by n), $2), $3, 'text', 0, 96000, 'ready',
       'Take ' || n, $4::timestamptz + n * interval '1 ms'
     from made`,
    [story.storyId, story.seedId, jo.user.id, at(5)],
  );
  const read = async (ask: { page?: number; take?: TakeId }) => {
    const found = await readStoryAt(fresh.db, slug, {
      viewer: mira.user,
      atMs: at(6).getTime(),
      ...ask,
    });
    if (found === null) throw new Error('there is no such story');
    return { ...found, ids: found.takes.map(({ id }) => id) };
  };
  const [first, second, last] = [
    await read({}),
    await read({ page: 2 }),
    await read({ page: 5_000 }),
  ];
  expect(first).toMatchObject({ takeCount: 10_002, page: 1, pageCount: 101 });
  expect(new Set([...first.ids, ...second.ids]).size).toBe(200);
  const [next] = second.takes;
  expect(next?.parent).toMatchObject({ id: first.ids.at(-1), page: 1 });
  expect(next?.words).toMatch(/^Take \d+$/u);
  expect(await read({ take: next?.id ?? answer })).toEqual(second);
  expect([last.page, last.takes.length]).toEqual([101, 2]);
});

async function told(viewer: TestPerson | null, before: string | null = null) {
  const log = await readStoryLog(fresh.db, slug, { viewer: viewer?.user ?? null, before });
  return log?.entries.map(({ kind, by, author, formerTitle }) =>
    [by?.name ?? '-', kind, author, ...(formerTitle === null ? [] : [formerTitle])].join(' '),
  );
}

test.each([false, true])(
  'what happened is told, newest first, compacted: %s',
  async (compacted) => {
    if (compacted) await compact();
    const all = [
      'Mira hidden Jo',
      'Mira retitled Mira The lighthouse',
      'Jo words Mira',
      'Jo published Jo',
      'Mira published Mira',
    ];
    expect(await told(mira)).toEqual(all);
    expect(await told(jo)).toEqual(all);
    expect(await told(null)).toEqual(all.filter((line) => !line.includes('words')));
    expect(await told(mira, String(at(2).getTime() * 1_000))).toEqual(all.slice(3));
    expect(await told(mira, 'nonsense')).toEqual(all);
    expect(await readStoryLog(fresh.db, 'nowhere', { viewer: null, before: null })).toBeNull();
  },
);

test('that a story was deleted and brought back is told to everybody who may hear it again', async () => {
  const { storyId } = story;
  await setDeleted(fresh.db, mira.user, { storyId, deleted: true });
  expect(await told(mira)).toBeUndefined();
  await setDeleted(fresh.db, mira.user, { storyId, deleted: false });
  for (const viewer of [mira, jo, null]) {
    expect((await told(viewer))?.slice(0, 2)).toEqual(['Mira restored Mira', 'Mira deleted Mira']);
  }
});
