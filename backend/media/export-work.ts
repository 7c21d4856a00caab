// Files of paths as the worker sees them: what is to be made, how far it is, and when it goes.
import { and, eq, inArray, lte, sql } from 'drizzle-orm';
import * as v from 'valibot';
import { exportSpecSchema, type ExportSpec } from '#domain/media/export-spec.ts';
import { DOWNLOAD_HOURS } from '#domain/protocol/downloads.ts';
import { pathExports } from '#drizzle/schema.ts';
import type { Database, Queryable } from '../postgres/database.ts';
import type { Queue } from '../queue/queue.ts';
import type { ObjectStore } from '../storage/objects.ts';

const KEPT_SECONDS = DOWNLOAD_HOURS * 3_600;
/** A download that has begun may go on so long after the file's day is over, seconds. */
const LINGER_SECONDS = 30 * 60;

const until = sql`now() + ${KEPT_SECONDS}::integer * interval '1 second'`;
const isOpen = inArray(pathExports.state, ['waiting', 'working']);

/** Every object of an export has a name that starts with this, those of failed attempts too. */
export function exportPrefix(exportId: string): string {
  return `exports/${exportId}/`;
}

/** What is to be made, which is now being worked on; null if it is settled, or there is none. */
export async function exportToMake(db: Queryable, exportId: string): Promise<ExportSpec | null> {
  const [row] = await db
    .update(pathExports)
    .set({ state: 'working', done: 0 })
    .where(and(eq(pathExports.id, exportId), isOpen))
    .returning({ spec: pathExports.spec });
  return row === undefined ? null : v.parse(exportSpecSchema, row.spec);
}

/** Notes how much of an export is done, 0 to 1. */
export async function noteExport(db: Queryable, exportId: string, done: number): Promise<void> {
  await db
    .update(pathExports)
    .set({ done })
    .where(and(eq(pathExports.id, exportId), eq(pathExports.state, 'working')));
}

/**
 * Makes an export ready; its object is stored. It is kept for a day and then swept.
 * @returns false if it was settled before, or is gone: the object is nobody's
 */
export async function saveExport(
  deps: { db: Database; queue: Queue },
  exportId: string,
  { objectKey, bytes }: { objectKey: string; bytes: number },
): Promise<boolean> {
  return settle(deps, exportId, { state: 'ready', done: 1, objectKey, bytes });
}

/** Gives an export up. Does nothing to one that is settled. */
export async function failExport(
  deps: { db: Database; queue: Queue },
  exportId: string,
): Promise<void> {
  await settle(deps, exportId, { state: 'failed' });
}

async function settle(
  { db, queue }: { db: Database; queue: Queue },
  exportId: string,
  facts: Partial<typeof pathExports.$inferInsert>,
): Promise<boolean> {
  return db.transaction(async (tx) => {
    const settled = await tx
      .update(pathExports)
      .set({ ...facts, until })
      .where(and(eq(pathExports.id, exportId), isOpen))
      .returning({ id: pathExports.id });
    if (settled.length === 0) return false;
    const afterSeconds = KEPT_SECONDS + LINGER_SECONDS;
    await queue.send('export.sweep', { exportId }, tx, { afterSeconds });
    return true;
  });
}

/**
 * Deletes an export whose day is over, or that is gone already: its row, then whatever its attempts
 * left in the store. Run again, it finishes what was left undone. One whose day is not over stays.
 */
export async function sweepExport(
  { db, objects }: { db: Database; objects: ObjectStore },
  exportId: string,
): Promise<void> {
  await db
    .delete(pathExports)
    .where(and(eq(pathExports.id, exportId), lte(pathExports.until, sql`now()`)));
  if ((await db.$count(pathExports, eq(pathExports.id, exportId))) > 0) return;
  for await (const { key } of objects.list(exportPrefix(exportId))) await objects.delete(key);
}
