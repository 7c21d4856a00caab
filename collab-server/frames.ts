// The outside of a Hocuspocus frame: address, type, and for sync messages the update within.
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';

/** Types of frames: Hocuspocus' `MessageType` as plain numbers, as they are on the wire. */
export const FRAME = {
  sync: 0,
  presence: 1,
  auth: 2,
  queryPresence: 3,
  syncReply: 4,
  close: 7,
  syncStatus: 8,
  ping: 9,
  pong: 10,
} as const;

/** What an authentication frame says: Hocuspocus' `AuthMessageType`. */
export const AUTH = { token: 0, denied: 1, granted: 2 } as const;

/** What a sync frame does: Yjs' sync protocol. */
export const STEP = { stateVector: 0, reply: 1, update: 2 } as const;

/** A frame that no client of ours sends. */
export class MalformedFrame extends Error {
  override readonly name = 'MalformedFrame';
}

export interface Frame {
  /** Document name, and after a NUL the session that a provider may add to it. */
  readonly address: string;
  /** Document name. */
  readonly document: string;
  /** One of `FRAME`, or one that we have nothing to do with. */
  readonly type: number;
  /** Reads on after the type. */
  readonly body: decoding.Decoder;
}

/** Parses the head of a frame. @throws {MalformedFrame} */
export function readFrame(bytes: Uint8Array): Frame {
  try {
    const body = decoding.createDecoder(bytes);
    const address = decoding.readVarString(body);
    const separator = address.indexOf('\0');
    const document = separator === -1 ? address : address.slice(0, separator);
    return { address, document, type: decoding.readVarUint(body), body };
  } catch (error) {
    throw new MalformedFrame('the frame has no head', { cause: error });
  }
}

/**
 * The type of a frame that the server made. Runs once per frame and socket, so it allocates
 * nothing: lengths are little-endian base 128, and every type is less than that.
 */
export function typeOf(bytes: Uint8Array): number {
  let addressBytes = 0;
  let at = 0;
  let byte = 0x80;
  for (let shift = 0; byte >= 0x80; shift += 7) {
    byte = bytes[at] ?? 0;
    addressBytes += (byte & 0x7f) << shift;
    at += 1;
  }
  return bytes[at + addressBytes] ?? -1;
}

export interface SyncMessage {
  /** One of `STEP`, or nonsense. */
  readonly step: number;
  /** A state vector or an update, by the step. */
  readonly payload: Uint8Array;
}

/** The sync message in a frame; null in a frame of another type. @throws {MalformedFrame} */
export function syncIn({ type, body }: Frame): SyncMessage | null {
  if (type !== FRAME.sync && type !== FRAME.syncReply) return null;
  try {
    return { step: decoding.readVarUint(body), payload: decoding.readVarUint8Array(body) };
  } catch (error) {
    throw new MalformedFrame('the sync message breaks off', { cause: error });
  }
}

/** The address at which a frame is sent. */
export function addressOf(bytes: Uint8Array): string {
  return decoding.readVarString(decoding.createDecoder(bytes));
}

/** What follows the address of a frame: the whole of it in y-websocket's framing. */
export function withoutAddress(bytes: Uint8Array): Uint8Array {
  const decoder = decoding.createDecoder(bytes);
  const addressBytes = decoding.readVarUint(decoder);
  return bytes.subarray(decoder.pos + addressBytes);
}

/** A frame with a document's address before it. */
export function withAddress(document: string, rest: Uint8Array): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarString(encoder, document);
  encoding.writeUint8Array(encoder, rest);
  return encoding.toUint8Array(encoder);
}

/** The frame in which a client asks for a document. */
export function authenticationFrame(document: string): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarString(encoder, document);
  encoding.writeVarUint(encoder, FRAME.auth);
  encoding.writeVarUint(encoder, AUTH.token);
  encoding.writeVarString(encoder, '');
  return encoding.toUint8Array(encoder);
}

/** The answer to it: what may be done in the document, from now on. */
export function grantedFrame(address: string, readOnly: boolean): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarString(encoder, address);
  encoding.writeVarUint(encoder, FRAME.auth);
  encoding.writeVarUint(encoder, AUTH.granted);
  encoding.writeVarString(encoder, readOnly ? 'readonly' : 'read-write');
  return encoding.toUint8Array(encoder);
}

/** Says that a document is closed for the client, and why. */
export function closeFrame(address: string, reason: string): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarString(encoder, address);
  encoding.writeVarUint(encoder, FRAME.close);
  encoding.writeVarString(encoder, reason);
  return encoding.toUint8Array(encoder);
}

/** A sync message; `step` is one of `STEP`. */
export function syncFrame(address: string, step: number, payload: Uint8Array): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarString(encoder, address);
  encoding.writeVarUint(encoder, FRAME.sync);
  encoding.writeVarUint(encoder, step);
  encoding.writeVarUint8Array(encoder, payload);
  return encoding.toUint8Array(encoder);
}

/** The question for all that a client has and the document does not. */
export function stateVectorFrame(address: string, document: Y.Doc): Uint8Array {
  return syncFrame(address, STEP.stateVector, Y.encodeStateVector(document));
}

/** Says of what a client sent that it is saved, or that it will not be. */
export function statusFrame(address: string, isSaved: boolean): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarString(encoder, address);
  encoding.writeVarUint(encoder, FRAME.syncStatus);
  encoding.writeVarUint(encoder, isSaved ? 1 : 0);
  return encoding.toUint8Array(encoder);
}

/** In place of a frame: the question for all that its reader has and `vector` does not. */
export function resyncFrame(insteadOf: Uint8Array, vector: Uint8Array): Uint8Array {
  return syncFrame(addressOf(insteadOf), STEP.stateVector, vector);
}
