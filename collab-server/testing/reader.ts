// A reader of a tree that says as little as a reader can, and looks at what it is sent only as far
// as it has to: a hundred of them cost a test little.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import * as decoding from 'lib0/decoding';
import { WebSocket } from 'ws';
import { SOCKET_PATH } from '#domain/protocol/room.ts';
import { authenticationFrame, FRAME, readFrame, STEP, syncFrame } from '../frames.ts';
import { headersOf } from './world.ts';

export interface Reader {
  readonly socket: WebSocket;
  /** Of all frames of updates, in their order, up to the one that said that this is all. */
  readonly sha256: string;
  readonly updates: readonly Uint8Array[];
}

/** Opens a tree; resolves when its reader was told that it has everything. */
export async function read(url: string, tree: string, isKept = false): Promise<Reader> {
  const socket = new WebSocket(`${url}${SOCKET_PATH}`, {
    headers: headersOf(null),
    maxPayload: 2 ** 30,
  });
  const hash = createHash('sha256');
  const updates: Uint8Array[] = [];
  const all = Promise.withResolvers<void>();
  socket.on('message', (data: Buffer) => {
    const { type, body } = readFrame(data);
    if (type !== FRAME.sync) return;
    const step = decoding.readVarUint(body);
    if (step === STEP.stateVector) return;
    const update = decoding.readVarUint8Array(body);
    hash.update(update);
    if (isKept) updates.push(update);
    if (step === STEP.reply) all.resolve();
  });
  socket.on('close', (code) => all.reject(new Error(`closed with ${code}`)));
  socket.on('error', (error) => all.reject(error));
  await once(socket, 'open');
  socket.send(authenticationFrame(tree));
  socket.send(syncFrame(tree, STEP.stateVector, new Uint8Array([0])));
  await all.promise;
  return { socket, sha256: hash.digest('hex'), updates };
}
