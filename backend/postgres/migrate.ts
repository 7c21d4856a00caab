// Brings a database to the newest schema, however many processes ask for it at once.
import path from 'node:path';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate as applyMigrations } from 'drizzle-orm/node-postgres/migrator';
import { Client } from 'pg';
import type { Logger } from '../log.ts';

/** Where drizzle-kit writes the migrations and their journal. */
export const MIGRATIONS_FOLDER = path.resolve(import.meta.dirname, '../../drizzle/migrations');

/** Any number of ours; every migrator of this product must take the same. */
const MIGRATION_LOCK = 7_246_001;

/**
 * Applies what is pending. Calls wait for each other on an advisory lock of a connection of their
 * own (without it, concurrent first starts fail on catalog rows); all pending files are one
 * transaction, so a failure leaves the schema as it was.
 */
export async function migrate(url: string, log: Logger): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on('error', (error) => log.warn({ err: error }, 'lost the migration connection'));
  await client.connect();
  try {
    await client.query(`select pg_advisory_lock(${MIGRATION_LOCK})`);
    // It announces with a NOTICE each schema and table that is there already.
    await client.query(`set client_min_messages to warning`);
    const startedAt = performance.now();
    await applyMigrations(drizzle(client), { migrationsFolder: MIGRATIONS_FOLDER });
    log.debug({ tookMs: Math.round(performance.now() - startedAt) }, 'the schema is up to date');
  } finally {
    await client.end();
  }
}
