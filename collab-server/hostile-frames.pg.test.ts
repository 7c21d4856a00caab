// Raw frames that no client of ours sends: each may end its own socket, and nothing else.
import { once } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import { CLOSE, SOCKET_PATH } from '#domain/protocol/room.ts';
import { wordsOf } from '#domain/story/document.ts';
import { freshDatabase, type FreshDatabase } from '../tests/harness/database.ts';
import { authenticationFrame, FRAME, readFrame, STEP } from './frames.ts';
import { defaultLimits } from './limits.ts';
import { presenceFrame } from './testing/raw.ts';
import {
  connect,
  headersOf,
  person,
  plant,
  serve,
  type TestClient,
  type TestPerson,
  type TestServer,
} from './testing/world.ts';

/** Another seed tries other frames; the one that a failure prints tries the same ones. */
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_123);
const FRAMES = 1_500;
/** The longest that everybody else may wait, milliseconds, with the tests' own work in it. */
const STALL_MS = 400;

let fresh: FreshDatabase;
let server: TestServer;
let mira: TestPerson;

beforeAll(async () => {
  fresh = await freshDatabase();
  // Nobody opens so many sockets; what is looked at here are the frames.
  const perAccount = { ...defaultLimits.perAccount, opens: { atOnce: 10_000, perSecond: 1_000 } };
  server = await serve(fresh, { limits: { perAccount } });
  mira = await person(fresh, 'Mira');
});

afterAll(async () => {
  await server.stopAll();
  await fresh.close();
});

const eventually = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 10 });
const textOf = ({ doc }: TestClient) => wordsOf(doc).toJSON();

function syncFrame(name: string, step: number, payload: Uint8Array): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarString(encoder, name);
  encoding.writeVarUint(encoder, FRAME.sync);
  encoding.writeVarUint(encoder, step);
  encoding.writeVarUint8Array(encoder, payload);
  return encoding.toUint8Array(encoder);
}

/** A socket that speaks raw frames, let into one document. */
async function enter(name: string) {
  const socket = new WebSocket(`${server.url}${SOCKET_PATH}`, { headers: headersOf(mira) });
  const heard: Uint8Array[] = [];
  const codes: number[] = [];
  socket.on('message', (data) => {
    if (Buffer.isBuffer(data)) heard.push(new Uint8Array(data));
  });
  socket.on('close', (code) => codes.push(code));
  socket.on('error', () => undefined);
  await once(socket, 'open');
  socket.send(authenticationFrame(name));
  socket.send(syncFrame(name, STEP.stateVector, new Uint8Array([0])));
  await eventually(() => expect(stepsIn(heard)).toContain(STEP.stateVector));
  return { socket, heard, codes };
}

/** The sync steps among frames, in their order. */
function stepsIn(frames: readonly Uint8Array[]): number[] {
  return frames
    .map(readFrame)
    .filter(({ type }) => type === FRAME.sync || type === FRAME.syncReply)
    .map(({ body }) => decoding.readVarUint(body));
}

const savedIn = (frames: readonly Uint8Array[]) =>
  frames.map(readFrame).filter(({ type }) => type === FRAME.syncStatus).length;

/** Two edits of somebody, the second of which cannot be applied without the first. */
function twoEdits(): { first: Uint8Array; second: Uint8Array; doc: Y.Doc } {
  const doc = new Y.Doc();
  const updates: Uint8Array[] = [];
  doc.on('update', (update: Uint8Array) => updates.push(update));
  wordsOf(doc).insert(0, 'first ');
  wordsOf(doc).insert(6, 'second');
  const [first, second] = updates;
  if (first === undefined || second === undefined) throw new Error('two edits give two updates');
  return { first, second, doc };
}

test('an update with a gap before it is neither parked nor called saved, but asked for', async () => {
  const story = await plant(fresh, mira.user.id);
  const { socket, heard } = await enter(story.words);
  const { second, doc } = twoEdits();
  heard.length = 0;
  socket.send(syncFrame(story.words, STEP.update, second));
  await eventually(() => expect(stepsIn(heard)).toEqual([STEP.stateVector]));
  expect(savedIn(heard)).toBe(0);
  socket.send(syncFrame(story.words, STEP.reply, Y.encodeStateAsUpdate(doc)));
  await eventually(() => expect(savedIn(heard)).toBe(1));
  const reader = connect(server.url, story.words, mira);
  await eventually(() => expect(textOf(reader)).toBe('first second'));
  reader.destroy();
  socket.terminate();
});

test('an answer that has gaps itself is not asked for again, and leaves nothing behind', async () => {
  const story = await plant(fresh, mira.user.id);
  const { socket, heard } = await enter(story.words);
  const { first, second } = twoEdits();
  heard.length = 0;
  socket.send(syncFrame(story.words, STEP.reply, second));
  socket.send(syncFrame(story.words, STEP.update, first));
  await eventually(() => expect(savedIn(heard)).toBe(1));
  expect(stepsIn(heard)).not.toContain(STEP.stateVector);
  const reader = connect(server.url, story.words, mira);
  await eventually(() => expect(textOf(reader)).toBe('first '));
  reader.destroy();
  socket.terminate();
});

test('a thousand updates with gaps do not make each other dearer', async () => {
  const story = await plant(fresh, mira.user.id);
  const { socket, heard } = await enter(story.words);
  const frames = Array.from({ length: 1_000 }, () =>
    syncFrame(story.words, STEP.update, twoEdits().second),
  );
  heard.length = 0;
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  for (const frame of frames) socket.send(frame);
  await eventually(() => expect(stepsIn(heard)).toHaveLength(1_000));
  delay.disable();
  expect(delay.max / 1e6).toBeLessThan(STALL_MS);
  socket.terminate();
});

test('a socket that asks for a whole document again and again is closed', async () => {
  const story = await plant(fresh, mira.user.id, 'Once.');
  const { socket, heard, codes } = await enter(story.words);
  for (let n = 0; n < 20; n += 1) {
    socket.send(syncFrame(story.words, STEP.stateVector, new Uint8Array([0])));
  }
  await eventually(() => expect(codes).toEqual([CLOSE.malformed]));
  expect(stepsIn(heard).filter((step) => step === STEP.reply).length).toBeLessThan(6);
});

/** Mulberry32: the same numbers for the same seed, from 0 up to 1. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A frame with some bytes overwritten, left out or added, behind its address or anywhere. */
function mutated(frame: Uint8Array, random: () => number): Uint8Array {
  const bytes = [...frame];
  const from = random() < 0.8 ? 1 + (frame[0] ?? 0) : 0;
  for (let changes = 1 + Math.floor(random() * 4); changes > 0; changes -= 1) {
    const at = from + Math.floor(random() * (bytes.length - from + 1));
    const byte = random() < 0.3 ? 0xff : Math.floor(random() * 256);
    bytes.splice(at, Math.floor(random() * 3), ...(random() < 0.7 ? [byte] : []));
  }
  return Uint8Array.from(bytes);
}

test(`mutated frames end their own sockets and stall nobody (seed ${SEED})`, async () => {
  const story = await plant(fresh, mira.user.id, 'Base.');
  const { first, second, doc } = twoEdits();
  const honest = [
    authenticationFrame(story.words),
    presenceFrame(story.words, [[doc.clientID, 1, {}]]),
    syncFrame(story.words, STEP.stateVector, Y.encodeStateVector(doc)),
    syncFrame(story.words, STEP.reply, Y.encodeStateAsUpdate(doc)),
    syncFrame(story.words, STEP.update, first),
    syncFrame(story.words, STEP.update, second),
    syncFrame(story.tree, STEP.update, first),
  ];
  // Hocuspocus prints each frame that it cannot read, with its stack.
  vi.spyOn(console, 'error').mockReturnValue();
  const random = randomFrom(SEED);
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  let client = await enter(story.words);
  let closed = 0;
  for (let n = 0; n < FRAMES; n += 1) {
    if (client.codes.length > 0) {
      closed += 1;
      client = await enter(story.words);
    }
    const frame = honest[Math.floor(random() * honest.length)] ?? new Uint8Array();
    client.socket.send(mutated(frame, random));
    // Lets the server have it before the next one, which may need a new socket.
    if (n % 4 === 0) {
      client.socket.ping();
      await Promise.race([once(client.socket, 'pong'), once(client.socket, 'close')]);
    }
  }
  delay.disable();
  client.socket.terminate();
  expect(closed).toBeGreaterThan(50);
  expect(delay.max / 1e6).toBeLessThan(STALL_MS);
  const health = await fetch(`http://127.0.0.1:${server.port}/health/ready`);
  expect(health.status).toBe(200);
  const other = await plant(fresh, mira.user.id);
  const [a, b] = [connect(server.url, other.words, mira), connect(server.url, other.words, mira)];
  await eventually(() => expect([a, b].every(({ provider }) => provider.isSynced)).toBe(true));
  wordsOf(a.doc).insert(0, 'still here');
  await eventually(() => expect(textOf(b)).toBe('still here'));
  await eventually(() => expect(a.provider.hasUnsyncedChanges).toBe(false));
  for (const each of [a, b]) each.destroy();
});
