// Newcomers on the wire: raw frames, in the orders in which clients may send them.
import { once } from 'node:events';
import * as decoding from 'lib0/decoding';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import { SOCKET_PATH } from '#domain/protocol/room.ts';
import { wordsOf } from '#domain/story/document.ts';
import { freshDatabase } from '../tests/harness/database.ts';
import { authenticationFrame, FRAME, readFrame, STEP, syncFrame } from './frames.ts';
import { eventually, saved, synced, textOf, useHouse } from './testing/house.ts';
import { headersOf } from './testing/world.ts';

const house = useHouse(freshDatabase);

/** A client that says what it is told to, and remembers what it hears. */
async function rawClient() {
  const socket = new WebSocket(`${house.server.url}${SOCKET_PATH}`, {
    headers: headersOf(house.mira),
  });
  house.onLeave(() => socket.terminate());
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
  return { socket, doc, steps, types, documents, text: () => textOf({ doc }) };
}

const nothingYet = (name: string) => syncFrame(name, STEP.stateVector, new Uint8Array([0]));

test('who asks in one breath with letting itself in is answered once', async () => {
  const { words } = await house.plant('Base.');
  const client = await rawClient();
  client.socket.send(authenticationFrame(words));
  client.socket.send(nothingYet(words));
  await eventually(() => expect(client.steps).toEqual([STEP.reply, STEP.stateVector]));
  expect(client.text()).toBe('Base.');
});

test('who asks first is answered as soon as it is in, and then as often as it asks', async () => {
  const { words } = await house.plant('Base.');
  const client = await rawClient();
  client.socket.send(nothingYet(words));
  client.socket.send(authenticationFrame(words));
  await eventually(() => expect(client.steps).toEqual([STEP.reply, STEP.stateVector]));
  client.socket.send(nothingYet(words));
  await eventually(() => expect(client.steps).toHaveLength(4));
});

test('who was put out of a document is told nothing more of it', async () => {
  const { words } = await house.plant('Base.');
  const client = await rawClient();
  client.socket.send(authenticationFrame(words));
  client.socket.send(nothingYet(words));
  await eventually(() => expect(client.steps).toHaveLength(2));
  const leave = syncFrame(words, 0, new Uint8Array());
  leave[leave.length - 3] = FRAME.close;
  client.socket.send(leave);
  await eventually(() => expect(client.types.at(-1)).toBe(FRAME.close));
  client.socket.send(nothingYet(words));
  const other = await house.plant('Other.');
  client.socket.send(authenticationFrame(other.words));
  client.socket.send(nothingYet(other.words));
  await eventually(() => expect(client.documents.slice(2)).toEqual([other.words, other.words]));
});

test('who joins while others write has everything when it is told so', async () => {
  const { words } = await house.plant('x'.repeat(2_000));
  const writer = house.join(words, house.mira);
  await synced(writer);
  for (let n = 0; n < 12; n += 1) {
    wordsOf(writer.doc).insert(0, `${n};`);
    const before = textOf(writer);
    await saved(writer);
    const joiner = house.join(words, house.mira);
    await synced(joiner);
    expect(textOf(joiner)).toBe(before);
    joiner.destroy();
  }
});
