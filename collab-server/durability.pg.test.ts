// The process itself: what it called saved is there after it was killed, whenever that was.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import * as v from 'valibot';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { readUpdates } from '#backend/postgres/documents.ts';
import { wordsOf } from '#domain/story/document.ts';
import * as Y from 'yjs';
import { freshDatabase, type FreshDatabase } from '../tests/harness/database.ts';
import {
  connect,
  ORIGIN,
  person,
  plant,
  type TestClient,
  type TestPerson,
} from './testing/world.ts';

const main = new URL('main.ts', import.meta.url);
/** Edits that a writer has on the way at once. */
const IN_FLIGHT = 8;

let fresh: FreshDatabase;
let mira: TestPerson;
let dataDir: string;
const running = new Set<ChildProcess>();

beforeAll(async () => {
  fresh = await freshDatabase();
  mira = await person(fresh, 'Mira');
  dataDir = await mkdtemp(path.join(tmpdir(), 'tap-story-durability-'));
});

afterEach(async () => {
  for (const child of running) {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
  running.clear();
});

afterAll(async () => {
  await fresh.close();
  await rm(dataDir, { recursive: true, force: true });
});

const listeningLine = v.object({ msg: v.literal('listening'), port: v.number() });

/** Starts `collab-server/main.ts` on a free port; resolves when it says that it listens. */
async function start(): Promise<{ child: ChildProcess; url: string }> {
  const child = fork(main, {
    silent: true,
    env: {
      ...process.env,
      DATABASE_URL: fresh.url,
      ORIGIN,
      COLLAB_HOST: '127.0.0.1',
      COLLAB_PORT: '0',
      LOG_LEVEL: 'info',
      APP_ENV: 'test',
      DATA_DIR: dataDir,
    },
  });
  running.add(child);
  const { stdout } = child;
  if (stdout === null) throw new Error('the process has no output');
  const started = once(child, 'message');
  let url = '';
  for await (const line of createInterface(stdout)) {
    const parsed = v.safeParse(listeningLine, JSON.parse(line));
    if (parsed.success) {
      url = `ws://127.0.0.1:${parsed.output.port}`;
      break;
    }
  }
  stdout.resume();
  expect(await started).toContain('started');
  return { child, url };
}

async function saved(client: TestClient): Promise<void> {
  const { provider } = client;
  await vi.waitFor(
    () => expect([provider.isSynced, provider.hasUnsyncedChanges]).toEqual([true, false]),
    10_000,
  );
}

function nextAcknowledgement({ provider }: TestClient): Promise<void> {
  return new Promise((resolve) => {
    const heard = () => {
      provider.off('unsyncedChanges', heard);
      resolve();
    };
    provider.on('unsyncedChanges', heard);
  });
}

/** Writes tokens, several at once, until `count` of them were acknowledged; returns those. */
async function writeUntilSaved(client: TestClient, label: string, count: number) {
  const sent: string[] = [];
  const acknowledged = () => sent.slice(0, sent.length - client.provider.unsyncedChanges);
  const text = wordsOf(client.doc);
  while (acknowledged().length < count) {
    if (client.provider.unsyncedChanges < IN_FLIGHT) {
      const token = `${label}.${sent.length};`;
      sent.push(token);
      text.insert(text.length, token);
    } else {
      await nextAcknowledgement(client);
    }
  }
  return acknowledged();
}

test('everything that was called saved survives kill -9 of server and client', async () => {
  const story = await plant(fresh, mira.user.id);
  const promised: string[] = [];
  for (let round = 0; round < 6; round += 1) {
    const { child, url } = await start();
    const client = connect(url, story.words, mira);
    await saved(client);
    const exited = once(child, 'exit');
    const count = 5 + Math.floor(Math.random() * 60);
    promised.push(...(await writeUntilSaved(client, `r${round}`, count)));
    child.kill('SIGKILL');
    client.destroy();
    await exited;
  }
  const { url } = await start();
  const reader = connect(url, story.words, mira);
  await saved(reader);
  const text = wordsOf(reader.doc).toJSON();
  const tokens = text.split(/(?<=;)/u);
  expect(promised.length).toBeGreaterThan(30);
  expect(promised.filter((token) => !text.includes(token))).toEqual([]);
  expect(new Set(tokens).size).toBe(tokens.length);
  const logged = new Y.Doc();
  for (const { update } of await readUpdates(fresh.db, story.words)) Y.applyUpdate(logged, update);
  expect(wordsOf(logged).toJSON()).toBe(text);
  reader.destroy();
});

test('SIGTERM commits what was written, closes with 1012 and exits 0', async () => {
  const story = await plant(fresh, mira.user.id);
  const { child, url } = await start();
  const [writer, witness] = [connect(url, story.words, mira), connect(url, story.words, mira)];
  await Promise.all([saved(writer), saved(witness)]);
  wordsOf(writer.doc).insert(0, 'the last words');
  await vi.waitFor(() => expect(wordsOf(witness.doc).toJSON()).toBe('the last words'), 10_000);
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
  expect(writer.closes[0]).toBe(1012);
  const { rows } = await fresh.pool.query('select words from takes where id = $1', [story.seedId]);
  expect(rows).toEqual([{ words: 'the last words' }]);
  writer.destroy();
  witness.destroy();
});

test('SIGTERM while Postgres takes nothing spills, exits 1, and the next start has it all', async () => {
  const story = await plant(fresh, mira.user.id);
  const { child, url } = await start();
  const [writer, witness] = [connect(url, story.words, mira), connect(url, story.words, mira)];
  await Promise.all([saved(writer), saved(witness)]);
  const locker = new Client({ connectionString: fresh.url });
  await locker.connect();
  await locker.query('begin');
  await locker.query('lock table document_updates in access exclusive mode');
  wordsOf(writer.doc).insert(0, 'not called saved');
  await vi.waitFor(() => expect(wordsOf(witness.doc).length).toBeGreaterThan(0), 10_000);
  const beganMs = performance.now();
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  expect(await exited).toEqual([1, null]);
  expect(performance.now() - beganMs).toBeLessThan(9_000);
  expect(writer.provider.hasUnsyncedChanges).toBe(true);
  writer.destroy();
  witness.destroy();
  // What hung is gone with the lock's table; nobody but the file has the words now.
  await locker.query('rollback');
  await locker.end();
  const spills = path.join(dataDir, 'collab-spill');
  expect(await readdir(spills)).toHaveLength(1);
  const again = await start();
  expect(await readdir(spills)).toEqual([]);
  const reader = connect(again.url, story.words, mira);
  await saved(reader);
  expect(wordsOf(reader.doc).toJSON()).toBe('not called saved');
  reader.destroy();
});
