// Clears the store of objects that no row names: of uploads that nobody published, and of jobs that
// died between an object and its row.
import { sql } from 'drizzle-orm';
import type { Logger } from '../log.ts';
import type { Database } from '../postgres/database.ts';
import type { ListedObject, ObjectStore } from '../storage/objects.ts';
import { giveUpUploads } from '../uploads/give-up.ts';
import { forgetSuperseded } from './mixes.ts';
import { keepUnclaimed, objectPlaces, type ObjectPlace } from './named-objects.ts';

export interface SweepDeps {
  readonly db: Database;
  readonly objects: ObjectStore;
  readonly log: Logger;
}

export interface SweepOptions {
  readonly signal: AbortSignal;
  /** `count` finds them and says so, and deletes nothing. */
  readonly mode: 'delete' | 'count';
  /** How long an orphan is kept, milliseconds; unset: as long as its kind is. */
  readonly keptMs?: number;
  /** For tests: sweeps as it would so much later, milliseconds. */
  readonly laterMs?: number;
}

export interface Swept {
  /** Objects that were old enough to be looked at. */
  readonly seen: number;
  readonly orphans: number;
  readonly orphanBytes: number;
  readonly deleted: number;
}

const DAY_MS = 86_400_000;
/** An upload that was not published for so long is given up; its file is still on a device. */
const UNPUBLISHED_MS = 7 * DAY_MS;
const PAGE = 1_000;
/** The most that one sweep deletes; the next one goes on. */
const MOST_ORPHANS = 10_000;
/**
 * From so many on, a store of which most is nobody's is taken for somebody else's, or for one whose
 * database was put back to an earlier day. Then nothing is deleted.
 */
const SUSPICIOUS_ORPHANS = 50;

/**
 * Sweeps the store once. Nothing that a row names is deleted, nor anything that a transaction is
 * about to name, whenever it was stored.
 * @throws {SweepRefused} most of the store would go
 */
export async function sweepStore(deps: SweepDeps, options: SweepOptions): Promise<Swept> {
  const { log } = deps;
  const { signal, mode, keptMs, laterMs = 0 } = options;
  const nowMs = (await databaseTimeMs(deps.db)) + laterMs;
  const dropped = mode === 'delete' ? await drop(deps, nowMs) : {};
  const storedBefore = (place: ObjectPlace) => nowMs - (keptMs ?? place.keptMs);
  const found = await findOrphans(deps, { storedBefore, signal });
  const { seen, orphans } = found;
  const told = { seen, orphans: orphans.length, orphanBytes: bytesOf(orphans) };
  log.info({ ...told, mode, ...dropped }, 'objects that no row names');
  if (mode === 'count') return { ...told, deleted: 0 };
  if (orphans.length >= SUSPICIOUS_ORPHANS && orphans.length > seen / 2) {
    throw new SweepRefused(orphans.length, seen);
  }
  let deleted = 0;
  for (const orphan of orphans) {
    signal.throwIfAborted();
    if (await deleteOrphan(deps, orphan)) deleted += 1;
  }
  return { ...told, deleted };
}

/** Most of the store belongs to no row of this database, which hints at the wrong one. */
export class SweepRefused extends Error {
  override readonly name = 'SweepRefused';
  constructor(orphans: number, seen: number) {
    super(
      `${orphans} of ${seen} objects are named by no row: is this the store of this database? ` +
        'Nothing was deleted. STORE_SWEEP=count looks without deleting.',
    );
  }
}

/** The time by Postgres, which dated the rows: the clock of a worker's machine may be wrong. */
async function databaseTimeMs(db: Database): Promise<number> {
  const { rows } = await db.execute<{ ms: number }>(
    sql`select (extract(epoch from now()) * 1000)::float8 as ms`,
  );
  const [row] = rows;
  if (row === undefined) throw new Error('Postgres did not say what the time is');
  return row.ms;
}

/** Drops rows that have outlived their use, and uploads that nobody goes on with. */
async function drop(
  deps: SweepDeps,
  nowMs: number,
): Promise<Record<'uploads' | 'parts' | 'mixes', number>> {
  const unpublished = new Date(nowMs - UNPUBLISHED_MS);
  return {
    uploads: await giveUpUploads(deps, unpublished),
    parts: await endUploads(deps.objects, unpublished),
    mixes: await forgetSuperseded(deps.db, new Date(nowMs - DAY_MS)),
  };
}

/** Ends multipart uploads where our objects lie: others in the same bucket are not ours. */
async function endUploads(objects: ObjectStore, before: Date): Promise<number> {
  let ended = 0;
  for (const { prefix } of objectPlaces) ended += await objects.abortUploadsBefore(prefix, before);
  return ended;
}

interface Orphan extends ListedObject {
  readonly place: ObjectPlace;
}

async function findOrphans(
  { db, objects }: SweepDeps,
  { storedBefore, signal }: { storedBefore: (place: ObjectPlace) => number; signal: AbortSignal },
): Promise<{ seen: number; orphans: Orphan[] }> {
  let seen = 0;
  const orphans: Orphan[] = [];
  for (const place of objectPlaces) {
    const before = storedBefore(place);
    for await (const page of inPages(objects.list(place.prefix), PAGE)) {
      signal.throwIfAborted();
      const old = page.filter(({ storedAt }) => storedAt.getTime() < before);
      seen += old.length;
      const keys = old.map(({ key }) => key);
      const named = new Set(await place.named(db, keys));
      orphans.push(...old.filter(({ key }) => !named.has(key)).map((it) => ({ ...it, place })));
      if (orphans.length >= MOST_ORPHANS) return { seen, orphans: orphans.slice(0, MOST_ORPHANS) };
    }
  }
  return { seen, orphans };
}

/** Deletes an object unless a row has come to name it. @returns whether it did */
async function deleteOrphan({ db, objects }: SweepDeps, { key, place }: Orphan): Promise<boolean> {
  return await db.transaction(async (tx) => {
    await keepUnclaimed(tx, key);
    if ((await place.named(tx, [key])).length > 0) return false;
    await objects.delete(key);
    return true;
  });
}

async function* inPages<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let page: T[] = [];
  for await (const item of items) {
    page.push(item);
    if (page.length < size) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

const bytesOf = (objects: readonly ListedObject[]): number =>
  objects.reduce((sum, { bytes }) => sum + bytes, 0);
