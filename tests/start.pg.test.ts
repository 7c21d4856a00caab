// `npm start` as a whole: what happens to its processes and its data, however they end.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { Client } from 'pg';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startApp, type AppOptions, type RunningApp } from './harness/app.ts';
import { newDataFolder } from './harness/data-folder.ts';
import { freePorts } from './harness/ports.ts';
import { childNamed, childrenOf, isRunning } from './harness/processes.ts';

const PARTS = ['web/server.ts', 'collab-server/main.ts', 'media-worker/main.ts', 'bin/postgres'];

// The first of them builds the pages, and each starts everything at least once.
vi.setConfig({ testTimeout: 240_000 });

let dataDir = '';
const running: RunningApp[] = [];
beforeEach(async () => {
  dataDir = await newDataFolder();
});
afterEach(async () => {
  for (const app of running.splice(0)) await app.stop({ keep: true });
  await rm(dataDir, { recursive: true });
});

async function start(options: AppOptions = {}): Promise<RunningApp> {
  const app = await startApp({ dataDir, ...options });
  running.push(app);
  return app;
}

/** Asks the embedded Postgres of the folder, which writes its port into its pid file. */
async function query(statement: string): Promise<unknown[]> {
  const home = path.join(dataDir, 'postgres');
  const port = (await readFile(path.join(home, '18/postmaster.pid'), 'utf8')).split('\n')[3];
  const password = (await readFile(path.join(home, 'password'), 'utf8')).trim();
  const client = new Client({
    host: '127.0.0.1',
    port: Number(port),
    user: 'tap',
    password,
    database: 'postgres',
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}

function pidsOf(app: RunningApp): number[] {
  return PARTS.map((part) => childNamed(app.pid, part).pid);
}

const eventually = (check: () => void | Promise<void>) =>
  vi.waitFor(check, { timeout: 60_000, interval: 100 });

test('Ctrl-C stops everything, Postgres last', async () => {
  const app = await start();
  const pids = pidsOf(app);
  expect(await app.stop({ keep: true })).toBe(0);
  expect(pids.filter(isRunning)).toEqual([]);
  expect(app.log()).toMatch(
    /stopping \(SIGINT\)\nweb .*\n(?:.*\n)*worker .*\n(?:.*\n)*collab .*stopping/,
  );
  expect(app.log()).not.toContain('did not stop in time');
  // Postgres removes its pid file only at a clean end, with nobody left to cut off.
  await expect(readFile(path.join(dataDir, 'postgres/18/postmaster.pid'))).rejects.toThrow(
    'ENOENT',
  );
  const log = await readFile(path.join(dataDir, 'postgres/postgres.log'), 'utf8');
  expect(log).toContain('database system is shut down');
  expect(log).not.toMatch(/terminating connection/);
});

test('each part that is killed comes back by itself, and the pages with it', async () => {
  const app = await start();
  for (const part of PARTS) {
    const killed = childNamed(app.pid, part).pid;
    process.kill(killed, 'SIGKILL');
    await eventually(async () => {
      expect(childNamed(app.pid, part).pid).not.toBe(killed);
      expect((await fetch(`${app.origin}/health/ready`)).status).toBe(200);
    });
  }
});

test('when the launcher is killed its processes end, and the next start goes on from there', async () => {
  const first = await start();
  const [web = 0, collab = 0, worker = 0, postgres = 0] = pidsOf(first);
  await query('create table kept as select 7 as n');
  process.kill(first.pid, 'SIGKILL');
  await eventually(() => expect([web, collab, worker].filter(isRunning)).toEqual([]));

  const second = await start();
  expect(isRunning(postgres)).toBe(false);
  expect(await query('select n from kept')).toEqual([{ n: 7 }]);
  expect((await fetch(`${second.origin}/health/ready`)).status).toBe(200);
});

test('when everything is killed at once the next start loses nothing', async () => {
  const first = await start();
  await query('create table kept as select 7 as n');
  for (const pid of [first.pid, ...pidsOf(first)]) process.kill(pid, 'SIGKILL');

  await start();
  expect(await query('select n from kept')).toEqual([{ n: 7 }]);
});

test('a second start on the same data is refused and does not disturb the first', async () => {
  const first = await start();
  await expect(startApp({ dataDir })).rejects.toThrow(
    /already running from .*: stop it first, or set DATA_DIR/,
  );
  expect((await fetch(`${first.origin}/health/ready`)).status).toBe(200);
});

test('a taken port is named before anything starts', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const address = taken.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await expect(startApp({ dataDir, env: { COLLAB_PORT: String(port) } })).rejects.toThrow(
    `127.0.0.1:${port} is in use: stop what listens there, or set COLLAB_PORT`,
  );
  taken.close();
});

test('when npm is killed the launcher stops everything', async () => {
  const [port, collabPort, workerPort] = (await freePorts(3)).map(String);
  const npm = spawn('npm', ['start'], {
    cwd: path.resolve(import.meta.dirname, '..'),
    detached: true,
    stdio: 'ignore',
    env: {
      ...process.env,
      DATA_DIR: dataDir,
      PORT: port,
      COLLAB_PORT: collabPort,
      WORKER_PORT: workerPort,
      DEMO_STORY: 'no',
    },
  });
  const ready = `http://127.0.0.1:${port}/health/ready`;
  await eventually(async () => expect((await fetch(ready)).status).toBe(200));
  const launcher = childNamed(npm.pid ?? 0, 'scripts/start.ts').pid;
  const all = [launcher, ...childrenOf(launcher).map(({ pid }) => pid)];
  npm.kill('SIGKILL');
  await eventually(() => expect(all.filter(isRunning)).toEqual([]));
});
