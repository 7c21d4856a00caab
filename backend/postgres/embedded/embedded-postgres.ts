// A real Postgres from npm packages, for a machine that has none: started, watched and stopped.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { open, rename } from 'node:fs/promises';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { Logger } from '../../log.ts';
import { EmbeddedPostgresError, findBinaries } from './binaries.ts';
import { CLUSTER_SUPERUSER, openCluster, type Cluster } from './cluster.ts';
import { stopLeftover } from './postmaster.ts';

export interface EmbeddedPostgres {
  /** Address of the `postgres` database, with the password in it. */
  readonly url: string;
  readonly pid: number;
  /** Resolves when the server has ended, wanted or not. */
  readonly ended: Promise<void>;
  /**
   * Fast shutdown: sessions are cut, what is committed stays. Resolves when it has ended; after
   * `withinMs` it is cut short, and Postgres recovers at the next start.
   */
  stop(withinMs?: number): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** Folder for the cluster, its password and its log; must be an absolute path. */
  readonly home: string;
  readonly log: Logger;
  /** Port on 127.0.0.1; unset takes a free one. */
  readonly port?: number;
  /** False trades safety against power loss for speed. For tests only. */
  readonly durable?: boolean;
}

const START_MS = 30_000;
/** Fast shutdown takes milliseconds as a rule. */
const STOP_MS = 5_000;
const POLL_MS = 20;

/**
 * Starts Postgres on loopback TCP alone, in a process group of its own: a Ctrl-C at the terminal
 * must not reach it while other processes still have something to save.
 * @throws {EmbeddedPostgresError}
 */
export async function startEmbeddedPostgres(
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const { home, log, durable = true } = options;
  const binaries = await findBinaries();
  const cluster = await openCluster(home, binaries, durable);
  await stopLeftover(cluster.folder, log);
  const port = options.port ?? (await freePort());
  const child = await spawnServer(binaries.postgres, cluster, { port, durable });
  const { pid } = child;
  if (pid === undefined) throw new EmbeddedPostgresError('postgres could not be spawned');
  const url = `postgres://${CLUSTER_SUPERUSER}:${cluster.password}@127.0.0.1:${port}/postgres`;
  const ended = once(child, 'exit').then(() => undefined);
  await untilReady(url, child, cluster.logFile);
  log.debug({ pid, port }, 'Postgres is ready');
  return { url, pid, ended, stop: (withinMs = STOP_MS) => stopServer(child, ended, withinMs) };
}

async function spawnServer(
  postgres: string,
  cluster: Cluster,
  { port, durable }: { port: number; durable: boolean },
): Promise<ChildProcess> {
  const settings = [
    'listen_addresses=127.0.0.1',
    `port=${port}`,
    'unix_socket_directories=',
    'max_connections=200',
    ...(durable ? [] : ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off']),
  ];
  const { file, args, options } = cluster.user.command(postgres, [
    '-D',
    cluster.folder,
    ...settings.flatMap((setting) => ['-c', setting]),
  ]);
  await rename(cluster.logFile, `${cluster.logFile}.1`).catch(() => undefined);
  // A file, not a pipe: the server may outlive us and must still have somewhere to write.
  const output = await open(cluster.logFile, 'a', 0o600);
  try {
    return spawn(file, args, {
      ...options,
      detached: true,
      stdio: ['ignore', output.fd, output.fd],
      env: { PATH: process.env['PATH'], TZ: 'UTC' },
    });
  } finally {
    await output.close();
  }
}

async function untilReady(url: string, child: ChildProcess, logFile: string): Promise<void> {
  const deadline = Date.now() + START_MS;
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new EmbeddedPostgresError(`Postgres ended while starting; see ${logFile}`);
    }
    const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      if (Date.now() > deadline) {
        child.kill('SIGQUIT');
        throw new EmbeddedPostgresError(`Postgres does not answer; see ${logFile}`, {
          cause: error,
        });
      }
      await sleep(POLL_MS);
    }
  }
}

async function stopServer(
  child: ChildProcess,
  ended: Promise<void>,
  withinMs: number,
): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGINT');
  const cutShort = setTimeout(() => child.kill('SIGQUIT'), withinMs);
  await ended;
  clearTimeout(cutShort);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return address.port;
}
