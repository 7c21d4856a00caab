// How long an edit takes to reach everybody, and to be committed: `node bench/propagation.bench.ts`.
// Raw frames over loopback; the collab-server and bare Hocuspocus take turns in the same run.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import * as v from 'valibot';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import { createLogger } from '#backend/log.ts';
import { openDatabase } from '#backend/postgres/database.ts';
import { startEmbeddedPostgres } from '#backend/postgres/embedded/embedded-postgres.ts';
import { migrate } from '#backend/postgres/migrate.ts';
import { SOCKET_PATH } from '#domain/protocol/room.ts';
import { wordsOf } from '#domain/story/document.ts';
import { authenticationFrame, FRAME, readFrame } from '../collab-server/frames.ts';
import { headersOf, person, plant, type TestPerson } from '../collab-server/testing/world.ts';
import { runBench } from './run.ts';

const READERS = [10, 100] as const;
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 7);
const EDITS = 200;
/** Edits leave this far apart, milliseconds: 50 a second, several people typing at once. */
const PACE_MS = 20;
/** Edits of each round that are not counted, while both sides warm up. */
const WARM_UP = 20;

interface Target {
  readonly name: 'ours' | 'bare';
  readonly url: string;
  /** A fresh document for each round. */
  nextDocument(): Promise<string>;
}

interface Round {
  /** Milliseconds from sending to arrival, each edit at each reader. */
  readonly seen: number[];
  /** Milliseconds from sending to acknowledgement. */
  readonly acknowledged: number[];
}

const SYNC_STEP_1 = 0;
const SYNC_STEP_2 = 1;
const UPDATE = 2;

/** A client that has opened the document and calls `onUpdate` and `onSaved` from then on. */
async function join(url: string, document: string, who: TestPerson): Promise<RawClient> {
  const socket = new WebSocket(`${url}${SOCKET_PATH}`, { headers: headersOf(who) });
  await once(socket, 'open');
  const synced = Promise.withResolvers<void>();
  const client: RawClient = { socket, onUpdate: () => {}, onSaved: () => {} };
  socket.on('message', (data: Buffer) => {
    const { type, body } = readFrame(data);
    if (type === FRAME.syncStatus) client.onSaved();
    if (type !== FRAME.sync && type !== FRAME.syncReply) return;
    const step = decoding.readVarUint(body);
    if (step === SYNC_STEP_2) synced.resolve();
    if (step === UPDATE) client.onUpdate(decoding.readVarUint8Array(body));
  });
  socket.send(authenticationFrame(document));
  socket.send(syncFrame(document, SYNC_STEP_1, Y.encodeStateVector(new Y.Doc())));
  await synced.promise;
  return client;
}

interface RawClient {
  readonly socket: WebSocket;
  onUpdate: (update: Uint8Array) => void;
  onSaved: () => void;
}

function syncFrame(document: string, step: number, payload: Uint8Array): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarString(encoder, document);
  encoding.writeVarUint(encoder, FRAME.sync);
  encoding.writeVarUint(encoder, step);
  encoding.writeVarUint8Array(encoder, payload);
  return encoding.toUint8Array(encoder);
}

/** Frames of a person who types, one character each. */
function typing(document: string, count: number): Uint8Array[] {
  const doc = new Y.Doc();
  const frames: Uint8Array[] = [];
  doc.on('update', (update: Uint8Array) => frames.push(syncFrame(document, UPDATE, update)));
  for (let n = 0; n < count; n += 1) wordsOf(doc).insert(n, 'abcdefghij'.charAt(n % 10));
  return frames;
}

async function measure(target: Target, readers: number, who: TestPerson): Promise<Round> {
  const document = await target.nextDocument();
  const writer = await join(target.url, document, who);
  const others = await Promise.all(
    Array.from({ length: readers }, () => join(target.url, document, who)),
  );
  const sentMs: number[] = [];
  const round: Round = { seen: [], acknowledged: [] };
  const all = Promise.withResolvers<void>();
  let missing = EDITS * (readers + 1);
  const count = (into: number[], n: number, atMs: number) => {
    if (n >= WARM_UP) into.push(atMs - (sentMs[n] ?? Number.NaN));
    missing -= 1;
    if (missing === 0) all.resolve();
  };
  for (const reader of others) {
    let n = 0;
    reader.onUpdate = (update) => {
      const atMs = performance.now();
      // Edits that met in one turn of the server arrive merged.
      for (const end = n + charactersIn(update); n < end; n += 1) count(round.seen, n, atMs);
    };
  }
  let saved = 0;
  writer.onSaved = () => count(round.acknowledged, saved++, performance.now());
  for (const frame of typing(document, EDITS)) {
    sentMs.push(performance.now());
    writer.socket.send(frame);
    await sleep(PACE_MS);
  }
  await all.promise;
  for (const { socket } of [writer, ...others]) socket.terminate();
  return round;
}

function charactersIn(update: Uint8Array): number {
  return Y.decodeUpdate(update).structs.reduce((sum, { length }) => sum + length, 0);
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

const median = (values: readonly number[]) => percentile(values, 0.5);
const rounded = (value: number) => Math.round(value * 1_000) / 1_000;

/** The median over rounds of a percentile of each. */
function over(rounds: readonly Round[], of: keyof Round, share: number): number {
  return rounded(median(rounds.map((round) => percentile(round[of], share))));
}

type Comparison = Awaited<ReturnType<typeof compare>>;

async function compare(targets: readonly Target[], readers: number, who: TestPerson) {
  const rounds = { ours: [] as Round[], bare: [] as Round[] };
  for (let n = 0; n < ROUNDS; n += 1) {
    // Each round begins with the other, so that neither always runs on the warmer machine.
    for (const target of n % 2 === 0 ? targets : targets.toReversed()) {
      rounds[target.name].push(await measure(target, readers, who));
    }
  }
  const figures = (of: readonly Round[]) => ({
    p50Ms: over(of, 'seen', 0.5),
    p99Ms: over(of, 'seen', 0.99),
    acknowledgedP95Ms: over(of, 'acknowledged', 0.95),
  });
  const ratios = (share: number) =>
    rounds.ours.map((round, n) => {
      const bare = percentile(rounds.bare[n]?.seen ?? [], share);
      return percentile(round.seen, share) / bare;
    });
  return {
    readers,
    ours: figures(rounds.ours),
    bareHocuspocus: figures(rounds.bare),
    /** Below 1 we are faster; medians of the ratios of neighbouring rounds. */
    ratio: { p50: rounded(median(ratios(0.5))), p99: rounded(median(ratios(0.99))) },
  };
}

const portMessage = v.object({ port: v.number() });

async function child(file: string, env: NodeJS.ProcessEnv): Promise<[ChildProcess, string]> {
  const server = fork(new URL(file, import.meta.url), { env: { ...process.env, ...env } });
  const [message] = await once(server, 'message');
  return [server, `ws://127.0.0.1:${v.parse(portMessage, message).port}`];
}

/** One line per number of readers, for whoever watches. */
function show(results: readonly Comparison[]): void {
  console.table(
    results.map(({ readers, ours, bareHocuspocus: bare, ratio }) => ({
      readers,
      'ours p50 ms': ours.p50Ms,
      'bare p50 ms': bare.p50Ms,
      'ratio p50': ratio.p50,
      'ours p99 ms': ours.p99Ms,
      'bare p99 ms': bare.p99Ms,
      'ratio p99': ratio.p99,
      'committed p95 ms': ours.acknowledgedP95Ms,
    })),
  );
}

await runBench(async (onStop) => {
  const log = createLogger('bench', 'error');
  const home = await mkdtemp(path.join(tmpdir(), 'tap-story-bench-'));
  onStop(() => rm(home, { recursive: true, force: true }));
  // With fsync, unlike the tests' own: what is committed has reached the disk.
  const starting = startEmbeddedPostgres({ home, log });
  onStop(async () => (await starting).stop());
  const databaseUrl = (await starting).url;
  await migrate(databaseUrl, log);
  const handle = openDatabase(databaseUrl, { log });
  onStop(() => handle.close());
  const fresh = { ...handle, url: databaseUrl, log };
  const who = await person(fresh, 'Mira');
  const [ours, oursUrl] = await child('collab-server.ts', { DATABASE_URL: databaseUrl });
  onStop(() => end(ours));
  const [bare, bareUrl] = await child('bare-hocuspocus.ts', {});
  onStop(() => end(bare));
  const nextDocument = async () => (await plant(fresh, who.user.id)).words;
  const targets: readonly Target[] = [
    { name: 'ours', url: oursUrl, nextDocument },
    { name: 'bare', url: bareUrl, nextDocument },
  ];
  const results: Comparison[] = [];
  for (const readers of READERS) results.push(await compare(targets, readers, who));
  show(results);
  const machine = { node: process.version, cores: availableParallelism() };
  const report = { measuredAt: new Date().toISOString(), machine, ROUNDS, EDITS, PACE_MS, results };
  const folder = new URL('results/', import.meta.url);
  await mkdir(folder, { recursive: true });
  await writeFile(new URL('propagation.json', folder), `${JSON.stringify(report, null, 2)}\n`);
});

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const exit = once(server, 'exit');
  server.kill('SIGKILL');
  await exit;
}
