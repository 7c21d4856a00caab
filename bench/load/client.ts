// A client that speaks raw frames of either protocol and does no more than a measurement needs.
import { once } from 'node:events';
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import * as v from 'valibot';
import { WebSocket } from 'ws';
import {
  authenticationFrame,
  FRAME,
  STEP,
  syncFrame,
  withAddress,
  withoutAddress,
} from '../../collab-server/frames.ts';

/** Where a document is, and how one speaks there. */
export const addressSchema = v.object({
  url: v.string(),
  document: v.string(),
  framing: v.picklist(['hocuspocus', 'y-websocket']),
  headers: v.record(v.string(), v.string()),
});
export type Address = v.InferOutput<typeof addressSchema>;

/** A state vector of nothing, as bytes. */
const NOTHING = new Uint8Array([0]);

export class RawClient {
  readonly #address: Address;
  readonly #socket: WebSocket;
  readonly #synced = Promise.withResolvers<void>();
  /** What it was sent so far. */
  heardBytes = 0;
  onUpdate: (update: Uint8Array) => void = () => {};
  onSaved: () => void = () => {};
  onPresence: () => void = () => {};
  /** The connection was lost, which ends whatever is being measured. */
  onLost: (error: Error) => void = () => {};

  private constructor(address: Address) {
    this.#address = address;
    this.#socket = new WebSocket(address.url, { headers: address.headers });
    this.#socket.on('message', (data: Buffer) => this.#hear(data));
    this.#socket.on('error', () => undefined);
    this.#socket.on('close', (code) => {
      const lost = new Error(`the connection was closed with ${code}`);
      this.#synced.reject(lost);
      this.onLost(lost);
    });
  }

  /** Opens the document and has heard, to the last byte, the answer to "I have nothing". */
  static async join(address: Address): Promise<RawClient> {
    const client = new RawClient(address);
    // Until somebody waits for it.
    client.#synced.promise.catch(() => undefined);
    await Promise.race([once(client.#socket, 'open'), client.#synced.promise]);
    if (address.framing === 'hocuspocus') {
      client.#socket.send(authenticationFrame(address.document));
    }
    client.send(syncFrame(address.document, STEP.stateVector, NOTHING));
    await client.#synced.promise;
    return client;
  }

  /** Sends a frame that was made for Hocuspocus. */
  send(frame: Uint8Array): void {
    const isPlain = this.#address.framing === 'y-websocket';
    this.#socket.send(isPlain ? withoutAddress(frame) : frame);
  }

  leave(): void {
    this.onLost = () => {};
    this.#socket.terminate();
  }

  #hear(data: Buffer): void {
    this.heardBytes += data.byteLength;
    const body = decoding.createDecoder(data);
    if (this.#address.framing === 'hocuspocus') {
      const addressBytes = decoding.readVarUint(body);
      body.pos += addressBytes;
    }
    const type = decoding.readVarUint(body);
    if (type === FRAME.syncStatus) this.onSaved();
    if (type === FRAME.presence) this.onPresence();
    if (type === FRAME.sync || type === FRAME.syncReply) this.#hearSync(body);
  }

  #hearSync(body: decoding.Decoder): void {
    const step = decoding.readVarUint(body);
    if (step === STEP.reply) this.#synced.resolve();
    if (step === STEP.update) this.onUpdate(decoding.readVarUint8Array(body));
  }
}

/** Joins that many clients, a few at a time, or all at once. */
export async function joinMany(address: Address, count: number, atOnce = 50): Promise<RawClient[]> {
  const clients: RawClient[] = [];
  while (clients.length < count) {
    const batch = Math.min(atOnce, count - clients.length);
    clients.push(
      ...(await Promise.all(Array.from({ length: batch }, () => RawClient.join(address)))),
    );
  }
  return clients;
}

/** A frame of presence with one entry. */
export function presenceFrame(
  document: string,
  { client, clock, state }: { client: number; clock: number; state: unknown },
): Uint8Array {
  const update = encoding.createEncoder();
  encoding.writeVarUint(update, 1);
  encoding.writeVarUint(update, client);
  encoding.writeVarUint(update, clock);
  encoding.writeVarString(update, JSON.stringify(state));
  const rest = encoding.createEncoder();
  encoding.writeVarUint(rest, FRAME.presence);
  encoding.writeVarUint8Array(rest, encoding.toUint8Array(update));
  return withAddress(document, encoding.toUint8Array(rest));
}
