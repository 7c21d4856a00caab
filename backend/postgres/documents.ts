// The append-only log of Yjs updates, and the mirror of a take's words in its row.
import { and, eq, ne, or, sql, type SQL } from 'drizzle-orm';
import * as Y from 'yjs';
import { roomName } from '#domain/protocol/room.ts';
import { wordsOf } from '#domain/story/document.ts';
import { userId as toUserId, type TakeId, type UserId } from '#domain/story/ids.ts';
import type { LoggedEdit } from '#domain/story/words-history.ts';
import { takes } from '#drizzle/schema.ts';
import type { Queryable, Transaction } from './database.ts';

/** One update on its way into the log. */
export interface NewUpdate {
  /** Document name, as in domain/protocol/room.ts. */
  readonly document: string;
  readonly update: Uint8Array;
  /** Who wrote it; left out for the server. */
  readonly userId?: UserId | null;
  /** With an edit that brings earlier words back: when those had ended. */
  readonly restores?: Date;
}

/** One update as it lies in the log; `seq` rises in the order of appending. */
export interface LoggedUpdate {
  readonly seq: number;
  readonly update: Uint8Array;
  /** True for a snapshot, which has all that was logged up to its `seq`. */
  readonly isSnapshot: boolean;
}

/** Appends updates in their order, of any documents, in one statement. */
export async function appendUpdates(
  db: Queryable,
  updates: readonly NewUpdate[],
): Promise<readonly number[]> {
  const { rows } = await db.execute<{ seq: string }>(sql`${insertion(updates)} returning seq`);
  return rows.map(({ seq }) => Number(seq));
}

/** Where updates of one document came to lie in the log, in their order. */
export interface Published {
  readonly document: string;
  readonly seqs: readonly number[];
}

/**
 * Appends updates of people, and tells the other nodes which documents they are of when that is
 * committed. `node` is who tells: a UUID, so that it can leave out its own notices.
 */
export async function publishUpdates(
  db: Queryable,
  updates: readonly NewUpdate[],
  node: string,
): Promise<readonly Published[]> {
  // One statement is one round trip and one commit; the notices leave with it or not at all.
  const { rows } = await db.execute<{ document: string; seqs: string[] }>(sql`
    with appended as (${insertion(updates)} returning seq, document)
    select document, array_agg(seq order by seq) as seqs,
      pg_notify('document_update', json_build_object(
        'document', document, 'node', ${node}::text, 'firstSeq', min(seq))::text)
    from appended group by document`);
  return rows.map(({ document, seqs }) => ({ document, seqs: seqs.map(Number) }));
}

function insertion(updates: readonly NewUpdate[]): SQL {
  const names = sql.param(updates.map(({ document }) => document));
  const bytes = sql.param(updates.map(({ update }) => update));
  const authors = sql.param(updates.map(({ userId }) => userId ?? null));
  const restores = sql.param(updates.map((update) => update.restores?.toISOString() ?? null));
  return sql`
    insert into document_updates (document, update, user_id, restores)
    select document, update, user_id, restores
    from unnest(${names}::text[], ${bytes}::bytea[], ${authors}::uuid[], ${restores}::timestamptz[])
      with ordinality as batch(document, update, user_id, restores, n)
    order by n`;
}

/**
 * What brings a reader who has the updates up to `afterSeq` (0 for none) up to date, oldest first:
 * updates of the log, and before them the snapshot if it took in any that the reader lacks; its
 * `seq` is the highest in it. One statement, so compaction cannot come between.
 */
export async function readUpdates(
  db: Queryable,
  document: string,
  afterSeq = 0,
): Promise<LoggedUpdate[]> {
  const { rows } = await db.execute<{ seq: string; update: Buffer; place: number }>(sql`
    select through_seq as seq, state as update, 0 as place
    from document_snapshots where document = ${document} and through_seq > ${afterSeq}
    union all
    select seq, update, 1 as place
    from document_updates where document = ${document} and seq > ${afterSeq}
    order by place, seq`);
  return rows.map(({ seq, update, place }) => ({
    seq: Number(seq),
    update: new Uint8Array(update),
    isSnapshot: place === 0,
  }));
}

/** The highest number that snapshot or log of a document have; 0 for a document without updates. */
export async function readLastSeq(db: Queryable, document: string): Promise<number> {
  const { rows } = await db.execute<{ seq: string }>(sql`
    select greatest(0,
      (select through_seq from document_snapshots where document = ${document}),
      (select max(seq) from document_updates where document = ${document})) as seq`);
  return Number(rows[0]?.seq);
}

/** A document as snapshot and log have it. */
export interface WholeLog {
  readonly state: Uint8Array | null;
  /** What came after the state, oldest first. */
  readonly logged: readonly LoggedEdit[];
  /** Highest number in it; 0 for a document without updates. */
  readonly throughSeq: number;
  /** How many updates of it there have been, all told. */
  readonly updates: number;
}

/** Reads all of a document, in one statement, so that compaction cannot come between. */
export async function readWhole(db: Queryable, document: string): Promise<WholeLog> {
  return (await readWholes(db, [document])).get(document) ?? EMPTY;
}

const EMPTY: WholeLog = { state: null, logged: [], throughSeq: 0, updates: 0 };

/** As `readWhole`, of several documents; those without updates are not in the answer. */
export async function readWholes(
  db: Queryable,
  documents: readonly string[],
): Promise<ReadonlyMap<string, WholeLog>> {
  const names = sql.param(documents);
  const { rows } = await db.execute<WholeRow>(sql`
    select document, false as logged, through_seq as seq, state as update, updates,
      null::uuid as "userId", 0::float8 as "atMs", null::float8 as "restoresMs"
    from document_snapshots where document = any(${names}::text[])
    union all
    select document, true, seq, update, 1, user_id,
      floor(extract(epoch from created_at) * 1000)::float8,
      floor(extract(epoch from restores) * 1000)::float8
    from document_updates where document = any(${names}::text[])
    order by logged, seq`);
  const parts = Map.groupBy(rows, ({ document }) => document);
  return new Map([...parts].map(([document, part]) => [document, wholeOf(part)]));
}

interface WholeRow extends Record<string, unknown> {
  readonly document: string;
  readonly logged: boolean;
  readonly seq: string;
  readonly update: Buffer;
  readonly updates: number;
  readonly userId: string | null;
  readonly atMs: number;
  readonly restoresMs: number | null;
}

function wholeOf(rows: readonly WholeRow[]): WholeLog {
  const log = rows.filter(({ logged }) => logged);
  return {
    state: rows.find(({ logged }) => !logged)?.update ?? null,
    logged: log.map(({ seq, update, userId, atMs, restoresMs }) => ({
      seq: Number(seq),
      update,
      userId: userId === null ? null : toUserId(userId),
      atMs,
      restoresMs,
    })),
    throughSeq: rows.reduce((highest, { seq }) => Math.max(highest, Number(seq)), 0),
    updates: rows.reduce((sum, { updates }) => sum + updates, 0),
  };
}

/**
 * Makes this transaction the only one that writes a document as the server, until it ends.
 * Updates of people are appended without it.
 */
export async function lockDocument(tx: Transaction, document: string): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${document}, 0))`);
}

/** A number that is higher than that of any update in any log, and of any that was there before. */
export async function nextNumber(db: Queryable): Promise<number> {
  const { rows } = await db.execute<{ seq: string }>(
    sql`select nextval(pg_get_serial_sequence('document_updates', 'seq')) as seq`,
  );
  return Number(rows[0]?.seq);
}

/** The words of a take as its row has them; null if there is no such take. */
export async function readWords(db: Queryable, takeId: TakeId): Promise<string | null> {
  const [take] = await db.select({ words: takes.words }).from(takes).where(eq(takes.id, takeId));
  return take?.words ?? null;
}

/**
 * Writes the words of a take into its row, and how many updates it has taken in, if they differ.
 * Under the document's lock, so that mirrors of several nodes cannot overtake each other.
 */
export async function mirrorWords(tx: Transaction, takeId: TakeId): Promise<void> {
  const document = roomName({ kind: 'words', takeId });
  await lockDocument(tx, document);
  // Counted before it is read: what comes between is in the words, and looked at once more.
  const { rows } = await tx.execute<{ updates: number }>(sql`
    select (select count(*)::int from document_updates where document = ${document})
      + coalesce((select updates from document_snapshots where document = ${document}), 0) as updates`);
  const wordsUpdates = rows[0]?.updates ?? 0;
  const logged = await readUpdates(tx, document);
  // Words that nobody has opened yet are those of the row.
  if (logged.length === 0) return;
  const words = wordsIn(logged.map(({ update }) => update));
  const differs = or(ne(takes.words, words), ne(takes.wordsUpdates, wordsUpdates));
  await tx
    .update(takes)
    .set({ words, wordsUpdates })
    .where(and(eq(takes.id, takeId), differs));
}

/** The takes whose words have had updates that their rows have not taken in. */
export async function unmirroredWords(db: Queryable): Promise<TakeId[]> {
  const rows = await db
    .select({ id: takes.id })
    .from(takes)
    .innerJoin(
      sql`(
        select document, sum(updates)::int as updates from (
          select document, count(*) as updates from document_updates
          where document like 'take:%' group by document
          union all
          select document, updates from document_snapshots where document like 'take:%'
        ) as parts group by document
      ) as log`,
      sql`log.document = 'take:' || ${takes.id} || ':words'`,
    )
    .where(sql`log.updates <> ${takes.wordsUpdates}`)
    .orderBy(takes.id);
  return rows.map(({ id }) => id);
}

/** The words that updates lead to, in their order. */
function wordsIn(updates: readonly Uint8Array[]): string {
  const doc = new Y.Doc();
  try {
    doc.transact(() => {
      for (const update of updates) Y.applyUpdate(doc, update);
    });
    // Postgres keeps no U+0000 in a text, and logs of earlier versions may have one.
    return wordsOf(doc).toJSON().replaceAll('\0', '');
  } finally {
    doc.destroy();
  }
}
