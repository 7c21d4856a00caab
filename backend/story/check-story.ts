// Compares what the documents of a story say with its rows, and names what differs.
import { eq, sql } from 'drizzle-orm';
import * as Y from 'yjs';
import { roomName } from '#domain/protocol/room.ts';
import {
  readTree,
  revisionOf,
  wordsOf,
  writeTree,
  type StoryView,
} from '#domain/story/document.ts';
import type { StoryId, TakeId } from '#domain/story/ids.ts';
import { stories, storyEvents, takes } from '#drizzle/schema.ts';
import type { Database, Queryable } from '../postgres/database.ts';
import { readUpdates } from '../postgres/documents.ts';
import { changesSince } from './changes.ts';
import { recordEvent } from './events.ts';
import { TreeLog } from './tree-log.ts';

/** The row of a take may lag behind its words for so long after the last edit, milliseconds. */
const WORDS_LAG_MS = 30_000;

/**
 * What is wrong with a story, one sentence each; nothing if all is well. Reads one state of the
 * database. A tree that is only behind is not wrong: it is brought up to date when it is opened,
 * so what is compared is what it would be then.
 */
export function checkStory(
  db: Database,
  storyId: StoryId,
  { wordsLagMs = WORDS_LAG_MS } = {},
): Promise<readonly string[]> {
  return db.transaction(
    async (tx) => [
      ...(await treeFaults(tx, storyId)),
      ...(await unrecordedTakes(tx, storyId)).map(
        (id) => `take ${id}: no event was recorded of its row`,
      ),
      ...(await wordsFaults(tx, storyId, wordsLagMs)),
    ],
    { isolationLevel: 'repeatable read', accessMode: 'read only' },
  );
}

/** Every story there is. */
export async function allStories(db: Queryable): Promise<readonly StoryId[]> {
  return (await db.select({ id: stories.id }).from(stories)).map(({ id }) => id);
}

/**
 * Records that a take was published, for takes of which that is not recorded, and makes the tree
 * what the rows say; those who have it open see that at once. Words are left as they are.
 */
export async function mendStory(db: Database, storyId: StoryId): Promise<void> {
  await db.transaction(async (tx) => {
    for (const takeId of await unrecordedTakes(tx, storyId)) {
      await recordEvent(tx, { storyId, takeId, kind: 'published' });
    }
  });
  await new TreeLog(storyId).mend(db);
}

async function treeFaults(db: Queryable, storyId: StoryId): Promise<readonly string[]> {
  const name = roomName({ kind: 'story', storyId });
  const everything = await changesSince(db, storyId, 0);
  const doc = await logged(db, name);
  const expected = new Y.Doc();
  if (everything !== null) writeTree(expected, everything);
  const missed = await changesSince(db, storyId, revisionOf(doc));
  if (missed !== null) writeTree(doc, missed);
  const [is, should] = [readTree(doc), readTree(expected)];
  return [
    ...(isWhole(doc) ? [] : [`${name}: updates are missing from the log`]),
    ...differences(`${name}: meta`, entriesOf(is.meta), entriesOf(should.meta)),
    ...differences(`${name}: take`, takesOf(is), takesOf(should)),
    ...differences(`${name}: voice`, is.voices, should.voices),
  ];
}

async function unrecordedTakes(db: Queryable, storyId: StoryId): Promise<readonly TakeId[]> {
  const rows = await db
    .select({ id: takes.id })
    .from(takes)
    .where(
      sql`${takes.storyId} = ${storyId} and not exists (
        select 1 from ${storyEvents} where ${storyEvents.takeId} = ${takes.id})`,
    );
  return rows.map(({ id }) => id);
}

async function wordsFaults(
  db: Queryable,
  storyId: StoryId,
  lagMs: number,
): Promise<readonly string[]> {
  const faults: string[] = [];
  const rows = await db
    .select({ id: takes.id, words: takes.words })
    .from(takes)
    .where(eq(takes.storyId, storyId));
  for (const { id, words } of rows) {
    const name = roomName({ kind: 'words', takeId: id });
    const doc = await logged(db, name);
    if (!isWhole(doc)) faults.push(`${name}: updates are missing from the log`);
    // A document that nobody has opened yet begins with the words of the row.
    const isBegun = doc.store.clients.size > 0;
    if (!isBegun || wordsOf(doc).toJSON() === words) continue;
    if (await isSettled(db, id, lagMs)) faults.push(`${name}: the row has other words`);
  }
  return faults;
}

async function isSettled(db: Queryable, takeId: TakeId, lagMs: number): Promise<boolean> {
  const document = roomName({ kind: 'words', takeId });
  // Compaction may have taken what was just written.
  const { rows } = await db.execute<{ settled: boolean }>(sql`
    select coalesce(max(at) < now() - ${lagMs}::float8 * interval '1 millisecond', true) as settled
    from (
      select created_at as at from document_updates where document = ${document}
      union all
      select updated_at from document_snapshots where document = ${document}
    ) as written`);
  return rows[0]?.settled ?? true;
}

async function logged(db: Queryable, document: string): Promise<Y.Doc> {
  const updates = await readUpdates(db, document);
  const doc = new Y.Doc();
  doc.transact(() => {
    for (const { update } of updates) Y.applyUpdate(doc, update);
  });
  return doc;
}

const isWhole = ({ store }: Y.Doc): boolean =>
  store.pendingStructs === null && store.pendingDs === null;

const entriesOf = (value: object | null) => new Map<string, unknown>(Object.entries(value ?? {}));

const takesOf = (view: StoryView) => new Map(view.takes.map((take) => [take.id, take]));

function differences(
  what: string,
  is: ReadonlyMap<string, unknown>,
  should: ReadonlyMap<string, unknown>,
): string[] {
  return [...new Set([...is.keys(), ...should.keys()])].flatMap((key) => {
    if (!should.has(key)) return [`${what} ${key} has no row`];
    if (!is.has(key)) return [`${what} ${key} is missing from the document`];
    const [seen, wanted] = [canonical(is.get(key)), canonical(should.get(key))];
    return seen === wanted ? [] : [`${what} ${key} is ${seen}, but its row says ${wanted}`];
  });
}

/** JSON with the keys in order, so that equal values are equal texts. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
