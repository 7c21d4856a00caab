// Answers clients who have nothing of a document yet, from the cache, before Hocuspocus encodes
// all of it for each of them.
import type { Connection } from '@hocuspocus/server';
import { FRAME, STEP, stateVectorFrame, syncFrame, typeOf } from './frames.ts';
import type { FrameTaker } from './room-socket.ts';
import type { StateCache, WholeState } from './state-cache.ts';

/** Questions that one socket may have waiting to be let in; Hocuspocus judges any more. */
const MOST_WAITING = 20;

/** What follows the address when a client says that it has nothing. */
const NOTHING_YET = [FRAME.sync, STEP.stateVector, 1, 0] as const;

/** The newcomers' questions of one socket. */
export class Newcomers implements FrameTaker {
  readonly #cache: StateCache;
  readonly #entered = new Map<string, Connection>();
  readonly #waiting = new Set<string>();

  constructor(cache: StateCache) {
    this.#cache = cache;
  }

  /** True if the frame is a newcomer's question: it is, or will be, answered from here. */
  takes(frame: Uint8Array): boolean {
    if (!saysNothingYet(frame)) return false;
    const address = new TextDecoder().decode(frame.subarray(1, frame.length - NOTHING_YET.length));
    const entered = this.#entered.get(address);
    // Whoever was put out of the document again gets no more of it.
    if (entered?.document.hasConnection(entered) === true) {
      this.#answer(entered);
      return true;
    }
    if (this.#waiting.size >= MOST_WAITING) return false;
    this.#waiting.add(address);
    return true;
  }

  /** The client was let into a document, which is loaded. */
  enter(entered: Connection): void {
    this.#entered.set(entered.messageAddress, entered);
    if (this.#waiting.delete(entered.messageAddress)) this.#answer(entered);
  }

  /** The client is not in that document any more, or was not let in. */
  leave(address: string): void {
    this.#entered.delete(address);
    this.#waiting.delete(address);
  }

  #answer(entered: Connection): void {
    const { messageAddress: address, document } = entered;
    for (const frame of framesOf(address, this.#cache.wholeOf(document))) {
      entered.send(frame);
    }
    entered.send(stateVectorFrame(address, document));
  }
}

/** The newest answer of each state, by the address that it was framed for. */
const framed = new WeakMap<WholeState, { address: string; frames: readonly Uint8Array[] }>();

/**
 * The reply comes last, since it is what tells a client that it has everything. Newcomers at the
 * same address share the bytes, which are megabytes for a large story.
 */
function framesOf(address: string, whole: WholeState): readonly Uint8Array[] {
  const known = framed.get(whole);
  if (known?.address === address) return known.frames;
  const { base, tail } = whole;
  const frames =
    tail === null
      ? [syncFrame(address, STEP.reply, base)]
      : [syncFrame(address, STEP.update, base), syncFrame(address, STEP.reply, tail)];
  framed.set(whole, { address, frames });
  return frames;
}

/** Runs for every frame, so it looks at the end before it reads anything. */
function saysNothingYet(frame: Uint8Array): boolean {
  const at = frame.length - NOTHING_YET.length;
  if (!NOTHING_YET.every((byte, n) => frame[at + n] === byte)) return false;
  // Addresses of ours are shorter than 128 bytes: their length is one.
  return frame[0] === at - 1 && at - 1 < 0x80 && typeOf(frame) === FRAME.sync;
}
