// Newcomers on the wire: raw frames, in the orders in which clients may send them.
import { once } from 'node:events';
import * as decoding from 'lib0/decoding';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import { SOCKET_PATH } from '#domain/protocol/room.ts';
import { wordsOf } from '#domain/story/document.ts';
import { freshDatabase, type FreshDatabase } from '../tests/harness/database.ts';
import { authenticationFrame, FRAME, readFrame, STEP, syncFrame } from './frames.ts';
import {
  connect,
  headersOf,
  person,
  plant,
  serve,
  type TestPerson,
  type TestServer,
} from './testing/world.ts';

let fresh: FreshDatabase;
let mira: TestPerson;
let server: TestServer;
const open: WebSocket[] = [];

beforeAll(async () => {
  fresh = await freshDatabase();
  mira = await person(fresh, 'Mira');
  server = await serve(fresh);
});

afterAll(async () => {
  for (const socket of open) socket.terminate();
  await server.stopAll();
  await fresh.close();
});

/** A client that says what it is told to, and remembers what it hears. */
async function rawClient() {
  const socket = new WebSocket(`${server.url}${SOCKET_PATH}`, { headers: headersOf(mira) });
  open.push(socket);
  const doc = new Y.Doc();
  const steps: number[] = [];
  const types: number[] = [];
  /** Which document each of the steps was of. */
  const documents: string[] = [];
  socket.on('message', (data: Buffer) => {
    const { document, type, body } = readFrame(data);
    types.push(type);
    if (type !== FRAME.sync) return;
    documents.push(document);
    const step = decoding.readVarUint(body);
    steps.push(step);
    if (step !== STEP.stateVector) Y.applyUpdate(doc, decoding.readVarUint8Array(body));
  });
  await once(socket, 'open');
  return { socket, doc, steps, types, documents, text: () => wordsOf(doc).toJSON() };
}

const nothingYet = (name: string) => syncFrame(name, STEP.stateVector, new Uint8Array([0]));
const eventually = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 10 });

test('who asks in one breath with letting itself in is answered once', async () => {
  const { words } = await plant(fresh, mira.user.id, 'Base.');
  const client = await rawClient();
  client.socket.send(authenticationFrame(words));
  client.socket.send(nothingYet(words));
  await eventually(() => expect(client.steps).toEqual([STEP.reply, STEP.stateVector]));
  expect(client.text()).toBe('Base.');
});

test('who asks first is answered as soon as it is in, and then as often as it asks', async () => {
  const { words } = await plant(fresh, mira.user.id, 'Base.');
  const client = await rawClient();
  client.socket.send(nothingYet(words));
  client.socket.send(authenticationFrame(words));
  await eventually(() => expect(client.steps).toEqual([STEP.reply, STEP.stateVector]));
  client.socket.send(nothingYet(words));
  await eventually(() => expect(client.steps).toHaveLength(4));
});

test('who was put out of a document is told nothing more of it', async () => {
  const { words } = await plant(fresh, mira.user.id, 'Base.');
  const client = await rawClient();
  client.socket.send(authenticationFrame(words));
  client.socket.send(nothingYet(words));
  await eventually(() => expect(client.steps).toHaveLength(2));
  const leave = syncFrame(words, 0, new Uint8Array());
  leave[leave.length - 3] = FRAME.close;
  client.socket.send(leave);
  await eventually(() => expect(client.types.at(-1)).toBe(FRAME.close));
  client.socket.send(nothingYet(words));
  const other = await plant(fresh, mira.user.id, 'Other.');
  client.socket.send(authenticationFrame(other.words));
  client.socket.send(nothingYet(other.words));
  await eventually(() => expect(client.documents.slice(2)).toEqual([other.words, other.words]));
});

test('who joins while others write has everything when it is told so', async () => {
  const { words } = await plant(fresh, mira.user.id, 'x'.repeat(2_000));
  const writer = connect(server.url, words, mira);
  await eventually(() => expect(writer.provider.isSynced).toBe(true));
  for (let n = 0; n < 12; n += 1) {
    wordsOf(writer.doc).insert(0, `${n};`);
    const before = wordsOf(writer.doc).toJSON();
    await eventually(() => expect(writer.provider.hasUnsyncedChanges).toBe(false));
    const joiner = connect(server.url, words, mira);
    await eventually(() => expect(joiner.provider.isSynced).toBe(true));
    expect(wordsOf(joiner.doc).toJSON()).toBe(before);
    joiner.destroy();
  }
  writer.destroy();
});
