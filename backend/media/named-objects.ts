// Which objects rows name, and how a row comes to name one while a sweep may be under way.
import { inArray, sql } from 'drizzle-orm';
import { mixes, pathExports, stems, uploads } from '#drizzle/schema.ts';
import type { Queryable, Transaction } from '../postgres/database.ts';
import { ObjectMissing, type ObjectStore } from '../storage/objects.ts';

/** Objects of one kind: where they lie, and which of some keys are named by a row. */
export interface ObjectPlace {
  readonly prefix: string;
  /** How long one that no row names is kept, milliseconds. */
  readonly keptMs: number;
  named(db: Queryable, keys: readonly string[]): Promise<readonly string[]>;
}

const DAY_MS = 86_400_000;
/** What nobody can make again stays for long: its rows may be in an older database put back by mistake. */
const TRUTH_MS = 30 * DAY_MS;

/** Every kind of object that is ever swept. What lies elsewhere is nobody's to delete. */
export const objectPlaces: readonly ObjectPlace[] = [
  {
    prefix: 'uploads/',
    keptMs: TRUTH_MS,
    named: async (db, keys) => {
      const key = uploads.objectKey;
      return (
        await db
          .select({ key })
          .from(uploads)
          .where(inArray(key, [...keys]))
      ).map(keyOf);
    },
  },
  {
    prefix: 'stems/',
    keptMs: TRUTH_MS,
    named: async (db, keys) => {
      const key = stems.objectKey;
      return (
        await db
          .select({ key })
          .from(stems)
          .where(inArray(key, [...keys]))
      ).map(keyOf);
    },
  },
  {
    prefix: 'packs/',
    keptMs: DAY_MS,
    named: async (db, keys) => {
      const list = sql.param([...keys]);
      const { rows } = await db.execute<{ key: string }>(sql`
        select packs->'aac'->>'objectKey' as key from ${mixes}
        where packs->'aac'->>'objectKey' = any(${list}::text[])
        union all
        select packs->'opus'->>'objectKey' from ${mixes}
        where packs->'opus'->>'objectKey' = any(${list}::text[])`);
      return rows.map(keyOf);
    },
  },
  {
    prefix: 'exports/',
    keptMs: DAY_MS,
    named: async (db, keys) => {
      const key = pathExports.objectKey;
      const rows = await db
        .select({ key })
        .from(pathExports)
        .where(inArray(key, [...keys]));
      return rows.flatMap((row) => row.key ?? []);
    },
  },
];

const keyOf = ({ key }: { key: string }): string => key;

/**
 * To be called in the transaction that writes a row which names these objects, before it does. Until
 * it ends no sweep takes them; one that has taken them already is found out here. Putting an object
 * again does not make it young, so this is what stands between an old orphan and its new row.
 * @throws {ObjectMissing} one of them is not there: put it again
 */
export async function claimObjects(
  tx: Transaction,
  objects: ObjectStore,
  keys: readonly string[],
): Promise<void> {
  for (const key of keys) {
    await tx.execute(sql`select pg_advisory_xact_lock_shared(${lockOf(key)})`);
  }
  const found = await Promise.all(keys.map((key) => objects.head(key)));
  const missing = keys.find((_, index) => found[index] === null);
  if (missing !== undefined) throw new ObjectMissing(missing);
}

/** Keeps every {@link claimObjects} of a key waiting until the transaction ends. */
export async function keepUnclaimed(tx: Transaction, key: string): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(${lockOf(key)})`);
}

const lockOf = (key: string) => sql`hashtextextended(${`object:${key}`}, 0)`;
