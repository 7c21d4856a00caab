// What Postgres writes: the bytes of WAL between two moments.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import * as v from 'valibot';
import type { World } from './world.ts';

/** Nothing is written any more once nothing was for so long: rows follow edits by a second. */
const QUIET_MS = 1_500;
const PATIENCE_MS = 60_000;

/** Whole pages are logged when they first change after a checkpoint: they are told apart. */
export interface Wal {
  readonly bytes: number;
  readonly pageImages: number;
}

const walSchema = v.object({
  bytes: v.pipe(v.string(), v.toNumber()),
  images: v.pipe(v.string(), v.toNumber()),
});

/**
 * Begins a time without checkpoints and vacuums, which is long enough to plant and to measure.
 * What was planted in it has its pages in the WAL already, so full_page_writes, which stays on,
 * adds no images of them to what is measured.
 */
export async function withoutCheckpoints(pool: Pool): Promise<void> {
  const settings = { checkpoint_timeout: '1h', max_wal_size: '8GB', autovacuum: 'off' };
  for (const [name, value] of Object.entries(settings)) {
    await pool.query(`alter system set ${name} = '${value}'`);
  }
  await pool.query('select pg_reload_conf()');
  await pool.query('checkpoint');
}

/** Where the WAL is once nothing is written any more; on a shared server, where it is now. */
export async function settledWal({ pool, isOwn }: World): Promise<Wal> {
  if (!isOwn) return readWal(pool);
  const deadline = performance.now() + PATIENCE_MS;
  for (let before = await readWal(pool); ;) {
    await sleep(QUIET_MS);
    const now = await readWal(pool);
    if (now.bytes === before.bytes) return now;
    if (performance.now() > deadline) throw new Error('the WAL does not come to rest');
    before = now;
  }
}

async function readWal(pool: Pool): Promise<Wal> {
  const { rows } = await pool.query(
    `select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::text as bytes,
       (select wal_fpi::text from pg_stat_wal) as images`,
  );
  const { bytes, images } = v.parse(walSchema, rows[0]);
  return { bytes, pageImages: images };
}
