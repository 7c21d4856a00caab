// What those who may only read send about documents that people write: answered here, in time
// proportional to what they send. Hocuspocus would look through the whole document for each.
import type { Connection } from '@hocuspocus/server';
import * as Y from 'yjs';
import { parseRoom } from '#domain/protocol/room.ts';
import { decodeUpdate } from './decode-update.ts';
import { FRAME, readFrame, statusFrame, STEP, syncIn, typeOf } from './frames.ts';
import type { FrameTaker } from './room-socket.ts';

export class ReaderReplies implements FrameTaker {
  /** Those who came in as readers: their messages have no others before them to wait for. */
  readonly #readers = new Map<string, Connection>();

  /**
   * True if the frame is a reader's change, or all that a reader has: it is answered.
   * @throws {MalformedFrame}
   */
  takes(frame: Uint8Array): boolean {
    if (this.#readers.size === 0 || !isSync(frame)) return false;
    const head = readFrame(frame);
    const reader = this.#readers.get(head.address);
    const message = syncIn(head);
    if (reader?.document.hasConnection(reader) !== true || message === null) return false;
    if (message.step !== STEP.reply && message.step !== STEP.update) return false;
    const isKnown = message.step === STEP.reply && hasAllOf(reader.document, message.payload);
    reader.send(statusFrame(head.address, isKnown));
    return true;
  }

  enter(entered: Connection): void {
    const isTree = parseRoom(entered.document.name)?.kind === 'story';
    if (entered.readOnly && !isTree) this.#readers.set(entered.messageAddress, entered);
    else this.#readers.delete(entered.messageAddress);
  }

  leave(address: string): void {
    this.#readers.delete(address);
  }
}

function isSync(frame: Uint8Array): boolean {
  const type = typeOf(frame);
  return type === FRAME.sync || type === FRAME.syncReply;
}

/** True if a document has all that an update writes and deletes. @throws {MalformedFrame} */
export function hasAllOf({ store }: Y.Doc, update: Uint8Array): boolean {
  const { structs, ds } = decodeUpdate(update);
  const isWritten = structs.every(
    (struct) =>
      // Nothing is written where an update skips clocks.
      struct instanceof Y.Skip ||
      Y.getState(store, struct.id.client) >= struct.id.clock + struct.length,
  );
  if (!isWritten) return false;
  for (const [client, spans] of ds.clients) {
    if (!spans.every(({ clock, len }) => isDeleted(store, client, { clock, len }))) return false;
  }
  return true;
}

function isDeleted(
  { clients }: Y.Doc['store'],
  client: number,
  { clock, len }: { readonly clock: number; readonly len: number },
): boolean {
  const structs = clients.get(client) ?? [];
  const last = structs.at(-1);
  if (len < 1) return true;
  if (last === undefined || last.id.clock + last.length < clock + len) return false;
  for (let at = Y.findIndexSS(structs, clock); at < structs.length; at += 1) {
    const struct = structs[at];
    if (struct === undefined || struct.id.clock >= clock + len) break;
    if (!struct.deleted) return false;
  }
  return true;
}
