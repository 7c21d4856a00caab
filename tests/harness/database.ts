// A migrated database of its own for each test that asks.
import type { Pool } from 'pg';
import { inject } from 'vitest';
import { createLogger, type Logger } from '#backend/log.ts';
import { openDatabase, type Database } from '#backend/postgres/database.ts';
import { copyTemplate, dropCopy, type TestPostgres } from './postgres.ts';

export interface FreshDatabase {
  readonly url: string;
  readonly db: Database;
  readonly pool: Pool;
  readonly log: Logger;
  /** Closes the pool and drops the database; fails if somebody else still holds a connection. */
  close(): Promise<void>;
}

/**
 * A new database with the product's schema and nothing in it. LOG_LEVEL shows the log.
 * @param server the server to make it on; in tests it is the one of Vitest's global setup
 */
export async function freshDatabase(
  server: TestPostgres = inject('postgres'),
): Promise<FreshDatabase> {
  const log = createLogger('test', process.env['LOG_LEVEL'] ?? 'silent');
  const url = await copyTemplate(server);
  const handle = openDatabase(url, { log });
  return {
    url,
    db: handle.db,
    pool: handle.pool,
    log,
    close: async () => {
      await handle.close();
      await dropCopy(server, url);
    },
  };
}
