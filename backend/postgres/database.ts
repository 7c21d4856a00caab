// The database: one pool per process, drizzle on it, and transactions.
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import { Pool } from 'pg';
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

/**
 * Opens a pool. Connections are made on demand, so this succeeds while Postgres is away; queries
 * then fail within five seconds.
 */
export function openDatabase(
  url: string,
  { max = 10, log }: { max?: number; log: Logger },
): DatabaseHandle {
  const pool = new Pool({
    connectionString: url,
    max,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
  });
  // An idle connection that Postgres drops emits here; without a listener the process would end.
  pool.on('error', (error) => log.warn({ err: error }, 'lost an idle Postgres connection'));
  return {
    db: drizzle(pool, { schema, casing: 'snake_case' }),
    pool,
    close: () => pool.end(),
  };
}
