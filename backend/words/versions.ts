// The versions of a take's words: told from the log at any time, written down when it is compacted.
import { and, asc, eq, getTableColumns, inArray, isNotNull, sql } from 'drizzle-orm';
import { parseRoom, roomName } from '#domain/protocol/room.ts';
import type { TakeId } from '#domain/story/ids.ts';
import {
  chronicle,
  isRunning,
  oldestFirst,
  wordsAt,
  type Beginning,
  type RunningVersion,
  type Version,
} from '#domain/story/words-history.ts';
import { takes, wordsVersions } from '#drizzle/schema.ts';
import type { Database, Queryable, Transaction } from '../postgres/database.ts';
import { readWhole, readWholes, type WholeLog } from '../postgres/documents.ts';

/** The newest versions of a take that all stay; of older ones, the last of each day. */
const KEPT_WHOLE = 200;
/** And no more than this many in all, beside the oldest. */
export const KEPT_IN_ALL = 500;

/**
 * Writes down the versions of a words document whose updates are about to leave the log; of other
 * documents there is no history. Runs in the transaction that compacts.
 */
export async function keepVersions(
  tx: Transaction,
  document: string,
  whole: WholeLog,
): Promise<void> {
  const room = parseRoom(document);
  if (room?.kind !== 'words') return;
  const { versions } = chronicle(await beginningOf(tx, room.takeId, whole.state), whole.logged);
  if (versions.length === 0) return;
  await tx
    .insert(wordsVersions)
    .values(versions.map((version) => rowOf(room.takeId, version)))
    .onConflictDoUpdate({
      target: [wordsVersions.takeId, wordsVersions.seq],
      set: {
        endedAt: sql`excluded.ended_at`,
        marks: sql`excluded.marks`,
        running: sql`excluded.running`,
      },
    });
  await thinOut(tx, room.takeId);
}

/**
 * All versions of a take's words, oldest first, those still in the log among them.
 * @param db in a transaction that sees one state, or compaction may come between
 */
export async function readVersions(db: Queryable, takeId: TakeId): Promise<Version[]> {
  const whole = await readWhole(db, roomName({ kind: 'words', takeId }));
  const rows = await db.select().from(wordsVersions).where(eq(wordsVersions.takeId, takeId));
  const [take] = await db
    .select({ authorId: takes.authorId, createdAt: takes.createdAt })
    .from(takes)
    .where(eq(takes.id, takeId));
  return versionsFrom(rows, whole).map((version) => asPublished(version, take));
}

/** The words of several takes at some time; null where that is not known any more. */
export async function readWordsAt(
  db: Queryable,
  takeIds: readonly TakeId[],
  atMs: number,
): Promise<ReadonlyMap<TakeId, string | null>> {
  const names = new Map(takeIds.map((takeId) => [takeId, roomName({ kind: 'words', takeId })]));
  const wholes = await readWholes(db, [...names.values()]);
  const at = new Date(atMs);
  const ordered = db
    .select({
      ...getTableColumns(wordsVersions),
      ofThen: sql<number>`row_number() over (
        partition by ${wordsVersions.takeId}, ${wordsVersions.endedAt} <= ${at}
        order by ${wordsVersions.endedAt} desc, ${wordsVersions.seq} desc)`.as('of_then'),
      age: sql<number>`row_number() over (
        partition by ${wordsVersions.takeId}
        order by ${wordsVersions.endedAt}, ${wordsVersions.seq})`.as('age'),
    })
    .from(wordsVersions)
    .where(inArray(wordsVersions.takeId, [...takeIds]))
    .as('ordered');
  // The last one by then, the oldest of all, and those that the log may go on with.
  const rows = await db
    .select()
    .from(ordered)
    .where(
      sql`(${ordered.endedAt} <= ${at} and of_then = 1) or age = 1 or ${ordered.running} is not null`,
    );
  const byTake = Map.groupBy(rows, ({ takeId }) => takeId);
  return new Map(
    [...names].map(([takeId, name]) => {
      const versions = versionsFrom(byTake.get(takeId) ?? [], wholes.get(name));
      return [takeId, wordsAt(versions, atMs)];
    }),
  );
}

function versionsFrom(rows: readonly Row[], whole: WholeLog | undefined): Version[] {
  const versions = new Map(rows.map((row) => [row.seq, versionOf(row)]));
  const { state = null, logged = [] } = whole ?? {};
  const told = chronicle({ state, running: rows.flatMap(runningOf) }, logged);
  for (const version of told.versions) versions.set(version.seq, version);
  return [...versions.values()].toSorted(oldestFirst);
}

/** The words that a take was published with are its author's, though the server wrote them down. */
function asPublished(
  version: Version,
  take: Pick<typeof takes.$inferSelect, 'authorId' | 'createdAt'> | undefined,
): Version {
  if (version.kind !== 'published' || take === undefined) return version;
  const atMs = take.createdAt.getTime();
  return { ...version, authorId: take.authorId, beganAtMs: atMs, endedAtMs: atMs };
}

/** Runs a reader of several statements on one state of the database. */
export function inOneState<T>(db: Database, read: (tx: Transaction) => Promise<T>): Promise<T> {
  return db.transaction(read, { isolationLevel: 'repeatable read', accessMode: 'read only' });
}

type Row = typeof wordsVersions.$inferSelect;

async function beginningOf(
  db: Queryable,
  takeId: TakeId,
  state: Uint8Array | null,
): Promise<Beginning> {
  const rows = await db
    .select()
    .from(wordsVersions)
    .where(and(eq(wordsVersions.takeId, takeId), isNotNull(wordsVersions.running)))
    .orderBy(asc(wordsVersions.seq));
  return { state, running: rows.flatMap(runningOf) };
}

function versionOf(row: Omit<Row, 'takeId' | 'running'>): Version {
  const { seq, kind, authorId, beganAt, endedAt, restores, marks } = row;
  return {
    seq,
    kind,
    authorId,
    beganAtMs: beganAt.getTime(),
    endedAtMs: endedAt.getTime(),
    restoresMs: restores?.getTime() ?? null,
    marks,
  };
}

function runningOf(row: Row): RunningVersion[] {
  const { marks, running } = row;
  return marks === null || running === null ? [] : [{ ...versionOf(row), marks, running }];
}

function rowOf(takeId: TakeId, version: Version | RunningVersion): Row {
  const { seq, kind, authorId, beganAtMs, endedAtMs, restoresMs, marks } = version;
  return {
    takeId,
    seq,
    kind,
    authorId,
    beganAt: new Date(beganAtMs),
    endedAt: new Date(endedAtMs),
    restores: restoresMs === null ? null : new Date(restoresMs),
    marks,
    running: isRunning(version) ? version.running : null,
  };
}

/** The oldest version stays whatever its age: it is what the take was published with. */
async function thinOut(tx: Transaction, takeId: TakeId): Promise<void> {
  await tx.execute(sql`
    with ordered as (
      select seq, count(*) over () as versions,
        row_number() over (order by ended_at desc, seq desc) as age,
        row_number() over (
          partition by date_trunc('day', ended_at, 'UTC') order by ended_at desc, seq desc
        ) as of_day
      from words_versions where take_id = ${takeId}
    )
    delete from words_versions using ordered
    where words_versions.take_id = ${takeId} and words_versions.seq = ordered.seq
      and age < versions and age > ${KEPT_WHOLE} and (of_day > 1 or age > ${KEPT_IN_ALL})`);
}
