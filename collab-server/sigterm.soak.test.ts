// SIGTERM, as at every deployment: what anybody was shown is there after it, in the log or in a
// spill that the next start commits; and nobody waits for the end of it.
import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import { appendUpdates, readUpdates, unmirroredWords } from '#backend/postgres/documents.ts';
import { wordsOf } from '#domain/story/document.ts';
import { freshDatabase, type FreshDatabase } from '../tests/harness/database.ts';
import { startTcpProxy, type TcpProxy } from '../tests/harness/tcp-proxy.ts';
import { CollabProcesses, type CollabProcess } from './testing/process.ts';
import { PATIENCE, readFresh, readLogged, until, untilMirrored } from './testing/reading.ts';
import { FLAWLESS, tally, tokensIn } from './testing/tally.ts';
import { TokenWriter } from './testing/token-writer.ts';
import { person, plant, type TestPerson, type TestStory } from './testing/world.ts';

/** Close code for "the server restarts" (RFC 6455's registry). */
const RESTART = 1012;
/** How long a deployment waits before it kills, milliseconds. */
const PATIENCE_OF_A_DEPLOYMENT_MS = 30_000;

/** How many takes a sweep has before it: their words are in the log, and not in their rows. */
const UNMIRRORED = 20;

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

test('its log takes no rows: spills, exits 1, and the next start commits all of it', async () => {
  await fresh.pool.query(`
    create function refuse() returns trigger language plpgsql as $$
      begin raise exception 'no room is left'; end $$;
    create trigger refused before insert on document_updates execute function refuse()`);
  const saved = writers.map((writer) => writer.saved.length);
  for (const writer of writers) for (let n = 0; n < 20; n += 1) writer.write();
  const sent = writers.flatMap((writer) => writer.sent);
  await until('everybody sees everything', () =>
    writers.every((writer) => sent.every((token) => writer.text().includes(token))),
  );
  try {
    expect(await server.end()).toBe(1);
    expect(writers.map((writer) => writer.saved.length)).toEqual(saved);
    expect(await spills()).toHaveLength(1);
  } finally {
    await fresh.pool.query(`drop trigger refused on document_updates; drop function refuse()`);
  }
  await goOn();
});

test('the row of a take cannot be written: exits 0 in time, and the next start writes it', async () => {
  const holder = await fresh.pool.connect();
  try {
    await holder.query('begin');
    await holder.query('select from takes where id = $1 for update', [story.seedId]);
    for (const writer of writers) writer.write();
    await allSaved();
    const beganMs = performance.now();
    expect(await server.end()).toBe(0);
    expect(performance.now() - beganMs).toBeLessThan(PATIENCE_OF_A_DEPLOYMENT_MS);
    expect(await spills()).toEqual([]);
    expect(tally(await readLogged(fresh, story.words), writers)).toEqual(FLAWLESS);
  } finally {
    await holder.query('rollback');
    holder.release();
  }
  await goOn();
});

test('a sweep of words is under way: exits 0, and the next start sweeps the rest', async () => {
  await fresh.pool.query(
    `insert into takes (id, story_id, parent_id, author_id, kind, start_samples, duration_samples,
       status) select gen_random_uuid(), $1, $2, $3, 'text', 0, 96000, 'ready'
     from generate_series(1, ${UNMIRRORED})`,
    [story.storyId, story.seedId, mira.user.id],
  );
  await fresh.pool.query(
    `insert into document_updates (document, update)
     select 'take:' || id || ':words', $2 from takes where parent_id = $1`,
    [story.seedId, Buffer.from(seedOf('Once'))],
  );
  expect(await server.end()).toBe(0);
  const left = async () => (await unmirroredWords(fresh.db)).length;
  const holder = await fresh.pool.connect();
  try {
    await holder.query('begin');
    // It cannot get past one of them.
    await holder.query('select from takes where parent_id = $1 limit 1 for update', [story.seedId]);
    const sweeping = await start();
    await vi.waitFor(async () => expect(await waitingForLocks()).toBe(1), PATIENCE);
    expect(await sweeping.end()).toBe(0);
  } finally {
    await holder.query('rollback');
    holder.release();
  }
  await goOn();
  await vi.waitFor(async () => expect(await left()).toBe(0), PATIENCE);
});

test('a sweep of drafts waits for a lock: exits 0 in time, and the next start sweeps', async () => {
  const draft = `draft:${mira.user.id}:${randomUUID()}`;
  await appendUpdates(fresh.db, [{ document: draft, update: seedOf('Once') }]);
  const holder = await fresh.pool.connect();
  try {
    await holder.query('begin');
    await holder.query('select from document_updates where document = $1 for update', [draft]);
    expect(await server.end()).toBe(0);
    const sweeping = await start();
    await vi.waitFor(async () => expect(await waitingForLocks()).toBe(1), PATIENCE);
    const beganMs = performance.now();
    expect(await sweeping.end()).toBe(0);
    expect(performance.now() - beganMs).toBeLessThan(PATIENCE_OF_A_DEPLOYMENT_MS);
  } finally {
    await holder.query('rollback');
    holder.release();
  }
  await goOn();
  await vi.waitFor(async () => expect(await readUpdates(fresh.db, draft)).toEqual([]), PATIENCE);
});

/** An update that writes words into an empty document. */
function seedOf(words: string): Uint8Array {
  const doc = new Y.Doc();
  wordsOf(doc).insert(0, words);
  return Y.encodeStateAsUpdate(doc);
}

/** Statements of this database that wait for somebody else's lock. */
async function waitingForLocks(): Promise<number> {
  const { rows } = await fresh.pool.query<{ count: number }>(
    `select count(*)::int from pg_stat_activity
     where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return rows[0]?.count ?? 0;
}
