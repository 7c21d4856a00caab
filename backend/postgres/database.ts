// The database: one pool per process, drizzle on it, and transactions.
import { Socket } from 'node:net';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import { Pool, type PoolClient } from 'pg';
import * as schema from '#drizzle/schema.ts';
import type { Logger } from '../log.ts';

export type Schema = typeof schema;
export type Database = NodePgDatabase<Schema>;
/** A database or a transaction in it: what query functions take. */
export type Queryable = Database | Parameters<Parameters<Database['transaction']>[0]>[0];
export type Transaction = Parameters<Parameters<Database['transaction']>[0]>[0];

export interface DatabaseHandle {
  readonly db: Database;
  readonly pool: Pool;
  close(): Promise<void>;
}

/** Longest wait for a connection, and for one statement, in milliseconds. */
const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 30_000;
/** Postgres answers within the statement's time, if only to say no: a line that is silent for so much longer is dead. */
const GRACE_MS = 2_000;
/** How long a transaction gets to hand a broken connection back by itself, milliseconds. */
const HAND_BACK_MS = 1_000;

export interface DatabaseOptions {
  readonly log: Logger;
  /** Most connections at once. */
  readonly max?: number;
  /** Longest wait for one statement, milliseconds. */
  readonly statementTimeoutMs?: number;
}

/**
 * Opens a pool. Connections are made on demand, so this succeeds while Postgres is away; queries
 * then fail within five seconds. A connection that leads nowhere any more (its packets are dropped,
 * so nobody says that it is gone) fails its query soon after `statementTimeoutMs`.
 */
export function openDatabase(
  url: string,
  { max = 10, statementTimeoutMs = STATEMENT_TIMEOUT_MS, log }: DatabaseOptions,
): DatabaseHandle {
  const pool = new Pool({
    connectionString: url,
    max,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: statementTimeoutMs,
    stream: () => lineThatDies(statementTimeoutMs + GRACE_MS),
  });
  pool.on('connect', (client) => {
    // The pool listens to idle connections only: one that fails within a transaction, which hears of
    // it from its query, would end the process.
    client.on('error', (error) => log.debug({ err: error }, 'lost a Postgres connection'));
    handBackWhenItEnds(client);
  });
  // An idle connection that Postgres drops emits here; without a listener the process would end.
  pool.on('error', (error) => log.warn({ err: error }, 'lost an idle Postgres connection'));
  return {
    db: drizzle(pool, { schema, casing: 'snake_case' }),
    pool,
    close: () => pool.end(),
  };
}

/** A TCP socket that fails once nothing has passed through it for so long. */
function lineThatDies(silentMs: number): Socket {
  const socket = new Socket();
  return socket.setTimeout(silentMs, () =>
    socket.destroy(new Error('Postgres has been silent for too long')),
  );
}

/** Drizzle never hands a connection back whose `begin` failed: the pool would be short of it for good. */
function handBackWhenItEnds(client: PoolClient): void {
  client.once('end', () => {
    setTimeout(() => {
      try {
        client.release(true);
      } catch {
        // It was handed back by whoever had it.
      }
    }, HAND_BACK_MS).unref();
  });
}
