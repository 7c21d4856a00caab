// The append-only log of Yjs updates, and the mirror of a take's words in its row.
import { and, eq, ne, sql, type SQL } from 'drizzle-orm';
import { roomName } from '#domain/protocol/room.ts';
import type { TakeId, UserId } from '#domain/story/ids.ts';
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
  const { rows } = await db.execute<{ seq: string; update: Buffer }>(sql`
    select through_seq as seq, state as update, 0 as place
    from document_snapshots where document = ${document} and through_seq > ${afterSeq}
    union all
    select seq, update, 1 as place
    from document_updates where document = ${document} and seq > ${afterSeq}
    order by place, seq`);
  return rows.map(({ seq, update }) => ({ seq: Number(seq), update: new Uint8Array(update) }));
}

/**
 * Makes this transaction the only one that writes a document as the server, until it ends.
 * Updates of people are appended without it.
 */
export async function lockDocument(tx: Transaction, document: string): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${document}, 0))`);
}

/** The words of a take as its row has them; null if there is no such take. */
export async function readWords(db: Queryable, takeId: TakeId): Promise<string | null> {
  const [take] = await db.select({ words: takes.words }).from(takes).where(eq(takes.id, takeId));
  return take?.words ?? null;
}

/**
 * Writes the words of a take into its row, if they differ. `text` is called under the document's
 * lock and given what the log holds, so mirrors of several nodes cannot overtake each other.
 */
export async function mirrorWords(
  tx: Transaction,
  takeId: TakeId,
  text: (updates: readonly LoggedUpdate[]) => string,
): Promise<void> {
  const document = roomName({ kind: 'words', takeId });
  await lockDocument(tx, document);
  const words = text(await readUpdates(tx, document));
  await tx
    .update(takes)
    .set({ words })
    .where(and(eq(takes.id, takeId), ne(takes.words, words)));
}
