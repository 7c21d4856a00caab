// A Postgres for tests, and databases that are copied from one migrated template.
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import type { Logger } from '#backend/log.ts';
import {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from '#backend/postgres/embedded/embedded-postgres.ts';
import { signal, stopLeftover } from '#backend/postgres/embedded/postmaster.ts';
import { migrate } from '#backend/postgres/migrate.ts';

/** Where the template is: plain data, so that it can be handed to test workers. */
export interface TestPostgres {
  readonly url: string;
  readonly template: string;
}

export interface RunningTestPostgres extends TestPostgres {
  stop(): Promise<void>;
}

/** A server of a test's own. */
export interface OwnPostgres extends RunningTestPostgres {
  /** Ends it as a crash does (`pg_ctl -m immediate`); resolves when it is gone. */
  crash(): Promise<void>;
  /** Starts it again, on the same port: it recovers from its log. */
  recover(): Promise<void>;
}

const PREFIX = 'tap-story-test-postgres-';

/**
 * Starts an embedded Postgres in a temporary folder, or uses TEST_DATABASE_URL (any server whose
 * user may create databases), and makes the migrated template in it.
 */
export async function startTestPostgres(log: Logger): Promise<RunningTestPostgres> {
  const given = process.env['TEST_DATABASE_URL'];
  const server = given ? { url: given, stop: async () => {} } : await startTemporary(log);
  const template = `tap_template_${randomUUID().slice(0, 8)}`;
  await administer(server.url, `create database ${template}`);
  await migrate(databaseUrl(server.url, template), log);
  return {
    url: server.url,
    template,
    stop: async () => {
      await administer(server.url, `drop database ${template} with (force)`);
      await server.stop();
    },
  };
}

/** Starts a Postgres that keeps what it has committed through a crash. */
export async function startOwnPostgres(log: Logger): Promise<OwnPostgres> {
  await removeAbandoned(log);
  const home = await newHome();
  const options = { home, log, durable: true };
  let server = endedWithUs(await startEmbeddedPostgres(options));
  const { url } = server;
  const template = 'tap_template';
  await administer(url, `create database ${template}`);
  await migrate(databaseUrl(url, template), log);
  const crash = async (): Promise<void> => {
    signal(server.pid, 'SIGQUIT');
    await server.ended;
  };
  return {
    url,
    template,
    crash,
    recover: async () => {
      const port = Number(new URL(url).port);
      server = endedWithUs(await startEmbeddedPostgres({ ...options, port }));
    },
    stop: async () => {
      await crash();
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** Copies the template into a new database and returns its address. */
export async function copyTemplate({ url, template }: TestPostgres): Promise<string> {
  const name = `tap_test_${randomUUID().replaceAll('-', '')}`;
  await administer(url, `create database ${name} template ${template}`);
  return databaseUrl(url, name);
}

/**
 * Drops a copy.
 * @throws when a connection to it is still open after five seconds: the test leaked it
 */
export async function dropCopy({ url }: TestPostgres, copyUrl: string): Promise<void> {
  const name = new URL(copyUrl).pathname.slice(1);
  try {
    await administer(url, `drop database ${name}`);
  } catch (error) {
    await administer(url, `drop database if exists ${name} with (force)`);
    throw new Error('the test left connections to its database open', { cause: error });
  }
}

/** The address of another database on the same server. */
export function databaseUrl(url: string, name: string): string {
  return Object.assign(new URL(url), { pathname: `/${name}` }).href;
}

async function administer(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

async function startTemporary(log: Logger): Promise<{ url: string; stop(): Promise<void> }> {
  await removeAbandoned(log);
  const home = await newHome();
  const server = endedWithUs(await startEmbeddedPostgres({ home, log, durable: false }));
  return {
    url: server.url,
    stop: async () => {
      await server.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** A server has a process group of its own: a runner that exits without its teardown ends it. */
function endedWithUs(server: EmbeddedPostgres): EmbeddedPostgres {
  const endNow = (): void => signal(server.pid, 'SIGQUIT');
  process.once('exit', endNow);
  void server.ended.then(() => process.off('exit', endNow));
  return server;
}

/** A new folder, named for us, so that another runner removes it if we cannot. */
const newHome = (): Promise<string> => mkdtemp(path.join(tmpdir(), `${PREFIX}${process.pid}-`));

/** Ends and removes what runners left behind that were killed without a chance to clean up. */
async function removeAbandoned(log: Logger): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = name.startsWith(PREFIX) ? name.slice(PREFIX.length).split('-')[0] : undefined;
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    const home = path.join(tmpdir(), name);
    // Another user's leftovers are not ours to remove.
    const entries = await readdir(home, { withFileTypes: true }).catch(() => []);
    for (const entry of entries.filter((each) => each.isDirectory())) {
      await stopLeftover(path.join(home, entry.name), log);
    }
    await rm(home, { recursive: true, force: true }).catch(() => undefined);
  }
}
