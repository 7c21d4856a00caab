// SIGTERM, as at every deployment: what anybody was shown is there after it, in the log or in a
// spill that the next start commits; and nobody waits for the end of it.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { freshDatabase, type FreshDatabase } from '../tests/harness/database.ts';
import { startTcpProxy, type TcpProxy } from '../tests/harness/tcp-proxy.ts';
import { CollabProcesses, type CollabProcess } from './testing/process.ts';
import { readFresh, readLogged, until, untilMirrored } from './testing/reading.ts';
import { FLAWLESS, tally, tokensIn } from './testing/tally.ts';
import { TokenWriter } from './testing/token-writer.ts';
import { person, plant, type TestPerson, type TestStory } from './testing/world.ts';

/** Close code for "the server restarts" (RFC 6455's registry). */
const RESTART = 1012;
/** How long a deployment waits before it kills, milliseconds. */
const PATIENCE_OF_A_DEPLOYMENT_MS = 30_000;

let fresh: FreshDatabase;
let proxy: TcpProxy;
let mira: TestPerson;
let dataDir: string;
let story: TestStory;
let server: CollabProcess;
let writers: TokenWriter[];
const processes = new CollabProcesses();

beforeAll(async () => {
  fresh = await freshDatabase();
  proxy = await startTcpProxy(fresh.url);
  mira = await person(fresh, 'Mira');
});

beforeEach(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'tap-story-sigterm-'));
  story = await plant(fresh, mira.user.id);
  server = await start();
  writers = ['a', 'b', 'c'].map(
    (label) => new TokenWriter({ url: server.url, document: story.words, who: mira, label }),
  );
  for (const writer of writers) writer.write();
  await allSaved();
});

afterEach(async () => {
  proxy.heal();
  for (const writer of writers) writer.die();
  await processes.killAll();
  await rm(dataDir, { recursive: true, force: true });
});

afterAll(async () => {
  await proxy.close();
  await fresh.close();
});

const start = () => processes.start({ databaseUrl: proxy.through(fresh.url), dataDir });
const allSaved = () =>
  until('all is saved', () => writers.every((each) => each.isSynced && each.inFlight === 0));
const spills = () => readdir(path.join(dataDir, 'collab-spill')).catch(() => []);

/** Everybody's edits so far, as somebody else saw them. */
const seen = (): string[] => writers.flatMap((writer) => tokensIn(writer.text()));

/** On the next server everybody goes on, and nothing that anybody ever wrote is missing or twice. */
async function goOn(): Promise<void> {
  const next = await start();
  expect(await spills()).toEqual([]);
  for (const writer of writers) writer.moveTo(next.url);
  for (const writer of writers) writer.write();
  await allSaved();
  const text = await readFresh(next.url, story.words, mira);
  expect(tally(text, writers)).toEqual(FLAWLESS);
  expect(new Set(tokensIn(text))).toEqual(new Set(writers.flatMap(({ sent }) => sent)));
  await untilMirrored(fresh, story, text);
}

test('idle: exits 0, tells clients to come back, and the row has the words', async () => {
  const words = writers[0]?.text() ?? '';
  expect(await server.end()).toBe(0);
  await until('clients are told', () => writers.every(({ closes }) => closes[0] === RESTART));
  await untilMirrored(fresh, story, words);
  expect(await spills()).toEqual([]);
  await goOn();
});

test('live: exits 0, and the log has all that anybody saw', async () => {
  const load = setInterval(() => {
    for (const writer of writers) if (writer.inFlight < 40) writer.write();
  }, 1);
  await until('the load is on', () => writers.every(({ saved }) => saved.length > 30));
  const exited = server.end();
  await until('clients are told', () => writers.every(({ closes }) => closes[0] === RESTART));
  clearInterval(load);
  expect(await exited).toBe(0);
  const logged = await readLogged(fresh, story.words);
  expect(tally(logged, writers)).toEqual(FLAWLESS);
  await goOn();
});

test.each(['cut', 'stall'] as const)(
  'storage down (%s): spills all that anybody saw, exits 1, and the next start commits it',
  async (fault) => {
    proxy[fault]();
    const saved = writers.map((writer) => writer.saved.length);
    for (const writer of writers) for (let n = 0; n < 20; n += 1) writer.write();
    const sent = writers.flatMap((writer) => writer.sent);
    await until('everybody sees everything', () =>
      writers.every((writer) => sent.every((token) => writer.text().includes(token))),
    );
    const beganMs = performance.now();
    expect(await server.end()).toBe(1);
    expect(performance.now() - beganMs).toBeLessThan(PATIENCE_OF_A_DEPLOYMENT_MS);
    expect(writers.map((writer) => writer.saved.length)).toEqual(saved);
    expect(await spills()).toHaveLength(1);
    const shown = seen();
    // Those who wrote it are gone, and what they had: only the file has it now.
    for (const writer of writers) writer.die();
    proxy.heal();
    const next = await start();
    expect(await spills()).toEqual([]);
    const logged = await readLogged(fresh, story.words);
    expect(shown.filter((token) => !logged.includes(token))).toEqual([]);
    expect(tally(logged, writers)).toEqual(FLAWLESS);
    expect(await readFresh(next.url, story.words, mira)).toBe(logged);
  },
);
