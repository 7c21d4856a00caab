// Where Hocuspocus' Database extension keeps whole documents, as its documentation shows it.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';

export const PEER_TABLE = 'peer_documents';
const STORED_MS = 60_000;
const POLL_MS = 20;

/** `stores` counts how often a document was written; the documentation has no such column. */
export async function createPeerTable(pool: Pool): Promise<void> {
  await pool.query(
    `create table if not exists ${PEER_TABLE}
     (name text primary key, state bytea not null, stores integer not null default 1)`,
  );
}

/** Puts a document there, as if it had been stored. */
export async function putPeerDocument(pool: Pool, name: string, state: Uint8Array): Promise<void> {
  await pool.query(`insert into ${PEER_TABLE} (name, state) values ($1, $2)`, [name, state]);
}

export async function storesOf(pool: Pool, name: string): Promise<number> {
  const { rows } = await pool.query<{ stores: number }>(
    `select stores from ${PEER_TABLE} where name = $1`,
    [name],
  );
  return rows[0]?.stores ?? 0;
}

/** Resolves when a document was stored so many times. @throws if two edits shared a store */
export async function untilStored(pool: Pool, name: string, stores: number): Promise<void> {
  const deadline = performance.now() + STORED_MS;
  while ((await storesOf(pool, name)) < stores) {
    if (performance.now() > deadline) throw new Error(`${name} was stored fewer times than edited`);
    await sleep(POLL_MS);
  }
}
