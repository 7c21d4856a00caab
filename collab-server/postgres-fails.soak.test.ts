// Postgres fails under people who write: nothing that was called saved is lost, nothing is called
// saved that is not, and no process ends.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { freshDatabase, type FreshDatabase } from '../tests/harness/database.ts';
import { createLogger } from '#backend/log.ts';
import { startOwnPostgres, type OwnPostgres } from '../tests/harness/postgres.ts';
import { startTcpProxy, type TcpProxy } from '../tests/harness/tcp-proxy.ts';
import { CollabProcesses, type CollabProcess } from './testing/process.ts';
import { PATIENCE, readFresh, readLogged, until, untilMirrored } from './testing/reading.ts';
import { FLAWLESS, tally, type Tally } from './testing/tally.ts';
import { TokenWriter } from './testing/token-writer.ts';
import { person, plant, type TestPerson, type TestStory } from './testing/world.ts';

/** How long the store fails, milliseconds. */
const OUTAGE_MS = 5_000;

let postgres: OwnPostgres;
let fresh: FreshDatabase;
let proxy: TcpProxy;
let mira: TestPerson;
let jo: TestPerson;
let dataDir: string;
let server: CollabProcess;
let story: TestStory;
let writers: TokenWriter[];
const processes = new CollabProcesses();

beforeAll(async () => {
  postgres = await startOwnPostgres(createLogger('test', process.env['LOG_LEVEL'] ?? 'silent'));
  fresh = await freshDatabase(postgres);
  proxy = await startTcpProxy(fresh.url);
  mira = await person(fresh, 'Mira');
  jo = await person(fresh, 'Jo');
  dataDir = await mkdtemp(path.join(tmpdir(), 'tap-story-postgres-fails-'));
});

beforeEach(async () => {
  server = await processes.start({ databaseUrl: proxy.through(fresh.url), dataDir });
  story = await plant(fresh, mira.user.id);
  writers = [mira, jo].map(
    (who, n) =>
      new TokenWriter({ url: server.url, document: story.words, who, label: 'ab'[n] ?? '' }),
  );
  await until('everybody is in', () => writers.every(({ isSynced }) => isSynced));
  await writeAndSave(3);
});

afterEach(async () => {
  proxy.heal();
  for (const writer of writers) writer.die();
  await processes.killAll();
});

afterAll(async () => {
  await proxy.close();
  await fresh.close();
  await postgres.stop();
  await rm(dataDir, { recursive: true, force: true });
});

/** Each writes so many edits; resolves when all that they ever wrote is saved. */
async function writeAndSave(edits: number): Promise<void> {
  for (const writer of writers) for (let n = 0; n < edits; n += 1) writer.write();
  await until('all is saved', () => writers.every(({ inFlight }) => inFlight === 0));
}

/** Edits of the one reach the other, and nothing new is called saved. */
async function writeUnsaved(edits: number): Promise<void> {
  // Twice: the first answer may overtake what Postgres said last.
  for (const writer of [...writers, ...writers]) await writer.roundTrip();
  const before = writers.map(({ saved }) => saved.length);
  for (const writer of writers) for (let n = 0; n < edits; n += 1) writer.write();
  const all = writers.flatMap(({ sent }) => sent);
  await until('everybody sees everything', () =>
    writers.every((writer) => all.every((token) => writer.text().includes(token))),
  );
  for (const writer of writers) await writer.roundTrip();
  expect(writers.map(({ saved }) => saved.length)).toEqual(before);
}

/** Once all that was ever seen by others is in the log: what a fresh reader gets; the row has it. */
async function outcome(): Promise<Tally> {
  const promised = writers.map(({ sent }) => ({ sent, saved: sent }));
  await vi.waitFor(async () => {
    const { lost } = tally(await readLogged(fresh, story.words), promised);
    if (lost.length > 0) throw new Error(`not in the log: ${lost.join(' ')}`);
  }, PATIENCE);
  const text = await readFresh(server.url, story.words, mira);
  await untilMirrored(fresh, story, text);
  return tally(text, promised);
}

test('the store fails for five seconds, and the last client leaves meanwhile', async () => {
  proxy.cut();
  await writeUnsaved(10);
  for (const writer of writers) writer.die();
  await sleep(OUTAGE_MS);
  await until('the store was tried', () => proxy.refused > 0);
  proxy.heal();
  // Nobody writes again: what waits is committed by itself.
  expect(await outcome()).toEqual(FLAWLESS);
  expect(server.isRunning()).toBe(true);
});

test('the store hangs for five seconds, and the last client leaves meanwhile', async () => {
  proxy.stall();
  await writeUnsaved(10);
  for (const writer of writers) writer.die();
  await sleep(OUTAGE_MS);
  proxy.heal();
  expect(await outcome()).toEqual(FLAWLESS);
  expect(server.isRunning()).toBe(true);
});

test('connections that lead nowhere are given up for new ones', async () => {
  proxy.strand();
  await writeUnsaved(10);
  await until('all is saved', () => writers.every(({ inFlight }) => inFlight === 0));
  expect(await outcome()).toEqual(FLAWLESS);
  expect(server.isRunning()).toBe(true);
});

test('Postgres crashes under load and recovers, twice', async () => {
  const { pid } = server;
  for (let crash = 0; crash < 2; crash += 1) {
    const before = writers.map(({ saved }) => saved.length);
    // Goes on through all of it.
    const load = setInterval(() => {
      for (const writer of writers) if (writer.inFlight < 40) writer.write();
    }, 5);
    await until('the load is on', () =>
      writers.every(({ saved }, n) => saved.length >= (before[n] ?? 0) + 10),
    );
    await postgres.crash();
    clearInterval(load);
    await writeUnsaved(5);
    await postgres.recover();
    await writeAndSave(10);
  }
  expect(server.pid).toBe(pid);
  expect(writers.map(({ closes }) => closes)).toEqual([[], []]);
  expect(await outcome()).toEqual(FLAWLESS);
  expect(server.isRunning()).toBe(true);
});
