// The sync messages of one socket about trees, answered before Hocuspocus reads them: its document
// of a tree is empty.
import type { Connection } from '@hocuspocus/server';
import { parseRoom } from '#domain/protocol/room.ts';
import {
  MalformedFrame,
  readFrame,
  statusFrame,
  STEP,
  syncIn,
  type SyncMessage,
} from './frames.ts';
import { TooMuch } from './refusals.ts';
import type { FrameTaker } from './room-socket.ts';
import type { Trees } from './trees.ts';
import type { Pass } from './usage.ts';

/** What one socket may have waiting until it is let in. */
const WAITING_MESSAGES = 40;
const WAITING_BYTES = 1024 * 1024;
/** How the names of trees begin; one byte of length is before it. */
const TREE = new TextEncoder().encode('story:');

interface Waiting extends SyncMessage {
  readonly address: string;
}

export class TreeVisits implements FrameTaker {
  readonly #trees: Trees;
  readonly #pass: Pick<Pass, 'question'>;
  readonly #entered = new Map<string, Connection>();
  #waiting: Waiting[] = [];
  #waitingBytes = 0;

  constructor(trees: Trees, pass: Pick<Pass, 'question'>) {
    this.#trees = trees;
    this.#pass = pass;
  }

  /**
   * True if the frame is a sync message about a tree: it is, or will be, answered from here.
   * @throws {MalformedFrame | TooMuch}
   */
  takes(frame: Uint8Array): boolean {
    if (!TREE.every((byte, n) => frame[n + 1] === byte)) return false;
    const head = readFrame(frame);
    const message = parseRoom(head.document)?.kind === 'story' ? syncIn(head) : null;
    if (message === null) return false;
    const entered = this.#entered.get(head.address);
    // Whoever was put out of the document again gets no more of it.
    if (entered?.document.hasConnection(entered) === true) this.#handle(entered, message);
    else this.#wait({ address: head.address, ...message });
    return true;
  }

  /** The client was let into a document, which is loaded. */
  enter(entered: Connection): void {
    const { messageAddress: address, document } = entered;
    if (parseRoom(document.name)?.kind !== 'story') return;
    this.#entered.set(address, entered);
    for (const message of this.#takeWaiting(address)) this.#handle(entered, message);
  }

  /** The client is not in the document any more, or was not let into it. */
  leave(address: string): void {
    this.#entered.delete(address);
    this.#takeWaiting(address);
  }

  #wait(message: Waiting): void {
    this.#waitingBytes += message.payload.byteLength;
    this.#waiting.push(message);
    if (this.#waiting.length > WAITING_MESSAGES || this.#waitingBytes > WAITING_BYTES) {
      throw new TooMuch('messages before being let in');
    }
  }

  #takeWaiting(address: string): readonly Waiting[] {
    const taken = this.#waiting.filter((message) => message.address === address);
    this.#waiting = this.#waiting.filter((message) => message.address !== address);
    for (const { payload } of taken) this.#waitingBytes -= payload.byteLength;
    return taken;
  }

  #handle(entered: Connection, { step, payload }: SyncMessage): void {
    const room = parseRoom(entered.document.name);
    const tree = room?.kind === 'story' ? this.#trees.of(room.storyId) : null;
    if (tree?.document !== entered.document) throw new Error('a reader of a tree that is closed');
    if (isQuestion(step, payload) && !this.#pass.question()) throw new TooMuch('questions');
    switch (step) {
      case STEP.stateVector:
        return tree.ask(entered, payload);
      case STEP.reply:
        return tree.claim(entered, payload);
      case STEP.update:
        // Nobody but the server writes a tree.
        return entered.send(statusFrame(entered.messageAddress, false));
      default:
        throw new MalformedFrame(`there is no sync step ${step}`);
    }
  }
}

/** What is known of those who have nothing, or have written nothing, is at hand. */
function isQuestion(step: number, { byteLength }: Uint8Array): boolean {
  return step === STEP.stateVector ? byteLength > 1 : step === STEP.reply && byteLength > 2;
}
