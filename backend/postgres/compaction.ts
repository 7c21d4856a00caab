// Compaction: the log of a document becomes a snapshot, beside live editing, on any node.
import { sql } from 'drizzle-orm';
import { documentSnapshots } from '#drizzle/schema.ts';
import type { Database, Queryable, Transaction } from './database.ts';
import { readWhole, type WholeLog } from './documents.ts';

/**
 * What a row of the log costs beside its bytes. A log is due when it weighs half of the snapshot
 * that would be written anew, so that writing snapshots costs each edit twice its weight at most.
 */
const ROW_BYTES = 100;
const SHARE = 0.5;
/** A lighter log is left alone. */
export const LEAST_BYTES = 32 * 1024;

/** How much updates weigh, bytes. */
export function weigh(updates: readonly { readonly update: Uint8Array }[]): number {
  return updates.reduce((sum, { update }) => sum + ROW_BYTES + update.byteLength, 0);
}

/** True if the log of a document weighs enough, beside its snapshot, to be compacted. */
export async function isCompactionDue(db: Queryable, document: string): Promise<boolean> {
  const { rows } = await db.execute<{ due: boolean }>(sql`
    select coalesce(sum(length(update) + ${ROW_BYTES}::int), 0) >= greatest(
      ${LEAST_BYTES}::int,
      ${SHARE}::float8 * (select length(state) from document_snapshots where document = ${document})
    ) as due
    from document_updates where document = ${document}`);
  return rows[0]?.due ?? false;
}

/** Where a compaction has got to; it may be killed after each of these and nothing is lost. */
export type CompactionStep =
  | 'locked'
  | 'read'
  | 'merged'
  | 'kept'
  | 'written'
  | 'deleted'
  | 'committed';

export interface CompactionOptions {
  /** One state that says what updates said, in their order. */
  readonly merge: (updates: readonly Uint8Array[]) => Uint8Array;
  /** Keeps, in the same transaction, what the snapshot will not tell any more. */
  readonly keep?:
    | ((tx: Transaction, document: string, whole: WholeLog) => Promise<void>)
    | undefined;
  readonly onStep?: (step: CompactionStep) => Promise<void> | void;
}

/**
 * Turns the snapshot and the log of a document into a new snapshot, in one transaction. Updates
 * may be appended meanwhile: exactly the rows that were read are deleted.
 * @returns how many rows of the log went; 0 if there were none, or somebody else is at it
 */
export async function compactDocument(
  db: Database,
  document: string,
  options: CompactionOptions,
): Promise<number> {
  const compacted = await db.transaction(async (tx) => {
    if (!(await tryLock(tx, document))) return 0;
    await options.onStep?.('locked');
    return compactHere(tx, document, options);
  });
  if (compacted > 0) await options.onStep?.('committed');
  return compacted;
}

/**
 * As `compactDocument`, in a transaction of the caller's that holds `lockCompaction`.
 */
export async function compactHere(
  tx: Transaction,
  document: string,
  { merge, keep, onStep = () => undefined }: CompactionOptions,
): Promise<number> {
  const whole = await readWhole(tx, document);
  const { state: before, logged, throughSeq, updates } = whole;
  if (logged.length === 0) return 0;
  await onStep('read');
  const state = merge([
    ...(before === null ? [] : [before]),
    ...logged.map(({ update }) => update),
  ]);
  await onStep('merged');
  await keep?.(tx, document, whole);
  await onStep('kept');
  await writeSnapshot(tx, { document, state, throughSeq, updates });
  await onStep('written');
  await deleteUpdates(
    tx,
    logged.map(({ seq }) => seq),
  );
  await onStep('deleted');
  return logged.length;
}

/**
 * Puts a state in the place of the whole log of a document. For whoever holds the document's lock
 * and knows that all of the log is in the state, or of no use.
 */
export async function replaceLog(
  tx: Transaction,
  snapshot: typeof documentSnapshots.$inferInsert,
): Promise<void> {
  await lockCompaction(tx, snapshot.document);
  await tx.execute(sql`delete from document_updates where document = ${snapshot.document}`);
  await writeSnapshot(tx, snapshot);
}

/** Only compactions of the same document exclude each other: whoever appends waits for nobody. */
async function tryLock(tx: Transaction, document: string): Promise<boolean> {
  const { rows } = await tx.execute<{ locked: boolean }>(sql`
    select pg_try_advisory_xact_lock(hashtextextended(${lockName(document)}, 0)) as locked`);
  return rows[0]?.locked ?? false;
}

/** Keeps a document from being compacted by anybody else until the transaction ends. */
export async function lockCompaction(tx: Transaction, document: string): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${lockName(document)}, 0))`);
}

const lockName = (document: string): string => `compact:${document}`;

async function writeSnapshot(
  tx: Transaction,
  snapshot: typeof documentSnapshots.$inferInsert,
): Promise<void> {
  const { state, throughSeq, updates } = snapshot;
  await tx
    .insert(documentSnapshots)
    .values(snapshot)
    .onConflictDoUpdate({
      target: documentSnapshots.document,
      set: { state, throughSeq, updates, updatedAt: sql`now()` },
    });
}

async function deleteUpdates(tx: Transaction, seqs: readonly number[]): Promise<void> {
  const { rowCount } = await tx.execute(
    sql`delete from document_updates where seq = any(${sql.param(seqs)}::bigint[])`,
  );
  // Somebody without the lock deleted some: what they made of them, we did not read.
  if (rowCount !== seqs.length) throw new Error('the log changed under a compaction');
}
