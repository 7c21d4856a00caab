// Frames of presence: Yjs' awareness protocol, entry by entry.
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { FRAME, MalformedFrame, readFrame } from './frames.ts';

/** What a client says of one client id: JSON, `null` for somebody who has gone. */
export interface SaidPresence {
  readonly client: number;
  readonly json: Uint8Array;
}

/**
 * The entries in a frame of presence. Their clocks are left out: those of a socket come in order,
 * and the server tells the others with clocks of its own.
 * @throws {MalformedFrame}
 */
export function readPresence(frame: Uint8Array): SaidPresence[] {
  const { body } = readFrame(frame);
  try {
    const update = decoding.createDecoder(decoding.readVarUint8Array(body));
    const count = decoding.readVarUint(update);
    const said: SaidPresence[] = [];
    while (said.length < count) {
      const client = decoding.readVarUint(update);
      decoding.readVarUint(update);
      said.push({ client, json: decoding.readVarUint8Array(update) });
    }
    return said;
  } catch (error) {
    throw new MalformedFrame('the presence breaks off', { cause: error });
  }
}

/** One entry on its way to clients, who take the highest clock that they were told. */
export function presenceEntry(client: number, clock: number, json: string): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, client);
  encoding.writeVarUint(encoder, clock);
  encoding.writeVarString(encoder, json);
  return encoding.toUint8Array(encoder);
}

export function presenceFrame(address: string, entries: readonly Uint8Array[]): Uint8Array {
  const update = encoding.createEncoder();
  encoding.writeVarUint(update, entries.length);
  for (const entry of entries) encoding.writeUint8Array(update, entry);
  const encoder = encoding.createEncoder();
  encoding.writeVarString(encoder, address);
  encoding.writeVarUint(encoder, FRAME.presence);
  encoding.writeVarUint8Array(encoder, encoding.toUint8Array(update));
  return encoding.toUint8Array(encoder);
}
