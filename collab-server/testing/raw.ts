// A socket that speaks raw frames, as somebody who means harm would.
import { once } from 'node:events';
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { WebSocket } from 'ws';
import { SOCKET_PATH, Y_WEBSOCKET_PATH } from '#domain/protocol/room.ts';
import {
  authenticationFrame,
  FRAME,
  readFrame,
  STEP,
  syncFrame,
  withoutAddress,
} from '../frames.ts';
import { until } from './reading.ts';
import { headersOf, type TestPerson } from './world.ts';

export interface RawSocket {
  readonly socket: WebSocket;
  /** Frames in Hocuspocus' framing. */
  readonly heard: Uint8Array[];
  readonly closes: { readonly code: number; readonly reason: string }[];
  /** Sends a sync message. */
  sync(step: number, payload: Uint8Array): void;
  /** What the acknowledgements so far said. */
  saved(): boolean[];
  /** The sync steps heard so far. */
  steps(): number[];
}

/** A frame of presence: entries by client id, each with its clock and state. */
export function presenceFrame(
  name: string,
  entries: readonly (readonly [client: number, clock: number, state: unknown])[],
): Uint8Array {
  const update = encoding.createEncoder();
  encoding.writeVarUint(update, entries.length);
  for (const [client, clock, state] of entries) {
    encoding.writeVarUint(update, client);
    encoding.writeVarUint(update, clock);
    encoding.writeVarString(update, JSON.stringify(state));
  }
  const encoder = encoding.createEncoder();
  encoding.writeVarString(encoder, name);
  encoding.writeVarUint(encoder, FRAME.presence);
  encoding.writeVarUint8Array(encoder, encoding.toUint8Array(update));
  return encoding.toUint8Array(encoder);
}

/** An update with one struct that overwrites nothing, but takes a client's clocks. */
export function garbage(client: number, clock: number, length: number): Uint8Array {
  const encoder = encoding.createEncoder();
  for (const n of [1, 1, client, clock]) encoding.writeVarUint(encoder, n);
  encoding.writeUint8(encoder, 0);
  for (const n of [length, 0]) encoding.writeVarUint(encoder, n);
  return encoding.toUint8Array(encoder);
}

/** An update that says of a client's first clocks that it has nothing of them, and no more. */
export function skipped(client: number, length: number): Uint8Array {
  const SKIP = 10;
  const encoder = encoding.createEncoder();
  for (const n of [1, 1, client, 0]) encoding.writeVarUint(encoder, n);
  encoding.writeUint8(encoder, SKIP);
  for (const n of [length, 0]) encoding.writeVarUint(encoder, n);
  return encoding.toUint8Array(encoder);
}

/** How the messages of a socket are framed. */
export type Framing = 'hocuspocus' | 'y-websocket';

/** Opens a document with raw frames; resolves once the server has asked for what we have. */
export async function enterRaw(
  url: string,
  name: string,
  who: TestPerson | null,
  dialect: Framing = 'hocuspocus',
): Promise<RawSocket> {
  const isPlain = dialect === 'y-websocket';
  const path = isPlain ? `${Y_WEBSOCKET_PATH}/${name}` : SOCKET_PATH;
  const socket = new WebSocket(`${url}${path}`, { headers: headersOf(who) });
  const heard: Uint8Array[] = [];
  const closes: RawSocket['closes'] = [];
  socket.on('message', (data) => {
    if (Buffer.isBuffer(data)) heard.push(isPlain ? addressed(name, data) : new Uint8Array(data));
  });
  socket.on('close', (code, reason) => closes.push({ code, reason: reason.toString() }));
  socket.on('error', () => undefined);
  await once(socket, 'open');
  const frame = (bytes: Uint8Array) => socket.send(isPlain ? withoutAddress(bytes) : bytes);
  const framesOf = (...types: number[]) =>
    heard.map(readFrame).filter(({ type }) => types.includes(type));
  const raw: RawSocket = {
    socket,
    heard,
    closes,
    sync: (step, payload) => frame(syncFrame(name, step, payload)),
    saved: () => framesOf(FRAME.syncStatus).map(({ body }) => decoding.readVarUint(body) === 1),
    steps: () =>
      framesOf(FRAME.sync, FRAME.syncReply).map(({ body }) => decoding.readVarUint(body)),
  };
  if (!isPlain) socket.send(authenticationFrame(name));
  raw.sync(STEP.stateVector, new Uint8Array([0]));
  await until('let in', () => raw.steps().includes(STEP.stateVector));
  return raw;
}

function addressed(name: string, rest: Uint8Array): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarString(encoder, name);
  encoding.writeUint8Array(encoder, rest);
  return encoding.toUint8Array(encoder);
}
