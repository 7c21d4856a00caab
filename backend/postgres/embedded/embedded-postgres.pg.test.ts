import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLogger } from '#backend/log.ts';
import { startEmbeddedPostgres, type EmbeddedPostgres } from './embedded-postgres.ts';

const log = createLogger('test', 'silent');
const started: EmbeddedPostgres[] = [];
let home = '';

beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'tap-story-embedded-'));
});
afterEach(async () => {
  for (const server of started.splice(0)) await server.stop();
  await rm(home, { recursive: true });
});

async function start(): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ home, log });
  started.push(server);
  return server;
}

async function query(url: string, statement: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}

test('keeps what it was given over a stop and a start', async () => {
  const first = await start();
  await query(first.url, 'create table kept as select 7 as n');
  await first.stop();
  await first.ended;

  const second = await start();
  expect(await query(second.url, 'select n from kept')).toEqual([{ n: 7 }]);
});

test('takes over from a server whose launcher was killed, with what that one had committed', async () => {
  const abandoned = await start();
  await query(abandoned.url, 'create table kept as select 7 as n');

  const next = await start();
  await abandoned.ended;
  expect(next.pid).not.toBe(abandoned.pid);
  expect(await query(next.url, 'select n from kept')).toEqual([{ n: 7 }]);
});

test('starts again after the server itself was killed', async () => {
  const killed = await start();
  await query(killed.url, 'create table kept as select 7 as n');
  process.kill(killed.pid, 'SIGKILL');
  await killed.ended;

  const next = await start();
  expect(await query(next.url, 'select n from kept')).toEqual([{ n: 7 }]);
});

test('does not mistake a reused process id for a left-over server', async () => {
  const first = await start();
  await first.stop();
  await writeFile(path.join(home, '18', 'postmaster.pid'), `${process.pid}\n${home}/18\n0\n0\n`);

  const second = await start();
  expect(await query(second.url, 'select 1 as n')).toEqual([{ n: 1 }]);
});

test('listens on loopback alone, asks for the password, and keeps that password to its owner', async () => {
  const { url } = await start();
  expect(await query(url, 'show listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
  expect(await query(url, 'show unix_socket_directories')).toEqual([
    { unix_socket_directories: '' },
  ]);

  const wrong = Object.assign(new URL(url), { password: 'guess' }).href;
  await expect(query(wrong, 'select 1')).rejects.toThrow(/password authentication failed/);
  const password = path.join(home, 'password');
  expect((await stat(password)).mode & 0o777).toBe(0o600);
  expect(new URL(url).password).toBe((await readFile(password, 'utf8')).trim());
});

test('runs as root as somebody else, and touches the owner of nothing but its data folder', async () => {
  const { pid } = await start();
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const uid = Number(/^Uid:\s+(\d+)/m.exec(status)?.[1]);
  const ours = process.getuid?.() ?? 0;
  expect(uid === 0).toBe(false);
  expect([0, uid]).toContain(ours);
  expect((await stat(path.join(home, 'password'))).uid).toBe(ours);
  expect((await stat(path.join(home, '18'))).uid).toBe(uid);
});
