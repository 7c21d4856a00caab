// What a measurement runs on: a Postgres of its own that keeps what it commits, and a person.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Pool } from 'pg';
import { createLogger } from '#backend/log.ts';
import { openDatabase } from '#backend/postgres/database.ts';
import { startEmbeddedPostgres } from '#backend/postgres/embedded/embedded-postgres.ts';
import { migrate } from '#backend/postgres/migrate.ts';
import { person, type TestDatabase, type TestPerson } from '../../collab-server/testing/world.ts';
import { createPeerTable } from './peer-table.ts';
import type { Stop } from './run.ts';

/** A large story is planted in a few statements. */
const PLANTING_MS = 600_000;

export interface World extends TestDatabase {
  readonly pool: Pool;
  readonly who: TestPerson;
  /** False on a server that others use, too: what it writes is then theirs as well. */
  readonly isOwn: boolean;
}

export async function openWorld(onStop: (stop: Stop) => void): Promise<World> {
  const log = createLogger('bench', 'error');
  // A test of the measurements brings a database, to be quicker; theirs is then a shared server.
  const given = process.env['BENCH_DATABASE_URL'];
  const url = given ?? (await startPostgres(onStop));
  await migrate(url, log);
  const handle = openDatabase(url, { log, statementTimeoutMs: PLANTING_MS });
  onStop(() => handle.close());
  await createPeerTable(handle.pool);
  const fresh = { ...handle, url, log };
  return { ...fresh, who: await person(fresh, 'Mira'), isOwn: given === undefined };
}

/** With fsync, unlike the tests' own: what is committed has reached the disk. */
async function startPostgres(onStop: (stop: Stop) => void): Promise<string> {
  const log = createLogger('bench', 'error');
  const home = await mkdtemp(path.join(tmpdir(), 'tap-story-bench-'));
  onStop(() => rm(home, { recursive: true, force: true }));
  const starting = startEmbeddedPostgres({ home, log });
  onStop(async () => (await starting).stop());
  return (await starting).url;
}
