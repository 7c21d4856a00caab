// When one client is told that what it sent is saved, and what it is asked instead.
import * as decoding from 'lib0/decoding';
import { FRAME, readFrame, resyncFrame, STEP, syncFrame, typeOf } from './frames.ts';
import { Stranded } from './refusals.ts';
import type { SocketDocuments } from './socket-documents.ts';
import type { UpdateLog } from './update-log.ts';

export interface AcknowledgementsOptions {
  readonly documents: SocketDocuments;
  readonly updates: UpdateLog;
  readonly strandedMs: number;
  /**
   * What to ask the client for whose change, a document's newest, was not taken whole; null if it
   * was, or is not the client's.
   */
  readonly missedBefore: (document: string) => Uint8Array | null;
  /** The state vector of a document that is open. */
  readonly stateVector: (document: string) => Uint8Array | null;
  readonly write: (frame: Uint8Array) => void;
  readonly now: () => number;
}

export class Acknowledgements {
  readonly #options: AcknowledgementsOptions;

  constructor(options: AcknowledgementsOptions) {
    this.#options = options;
  }

  /**
   * Says "saved" once that is true. An update whose predecessors are missing is not applied by
   * Yjs but parked, unlogged, and each one parked makes the next dearer. So it is thrown away and
   * the client asked for all that we lack; the answer to that is then acknowledged in its place.
   * If even the answer has gaps, nothing is called saved, and `askAgain` asks again.
   */
  acknowledge(frame: Uint8Array): void {
    const { documents, updates, missedBefore, stateVector, write } = this.#options;
    const { address, document } = readFrame(frame);
    const vector = documents.hasGap(address) ? stateVector(document) : missedBefore(document);
    if (vector === null) {
      documents.took(address);
      updates.afterCommit(document, () => write(frame));
    } else if (documents.sentUpdate(address)) {
      write(resyncFrame(frame, vector));
    } else {
      documents.lacks(address, document);
    }
  }

  /**
   * Whoever wrote next to an edit that a node lost has to wait until its author, or another node,
   * brings that edit: nobody else may.
   * @returns the address of a document where that does not happen, and why to end the connection
   */
  askAgain(): { readonly address: string; readonly error: Stranded } | null {
    const { documents, strandedMs, stateVector, write, now } = this.#options;
    for (const lack of documents.lacking) {
      const { address, document, sinceMs, isAsked } = lack;
      if (now() - sinceMs > strandedMs) {
        return { address, error: new Stranded(`${document}: what they follow on does not come`) };
      }
      const vector = isAsked ? null : stateVector(document);
      if (vector === null) continue;
      lack.isAsked = true;
      write(syncFrame(address, STEP.stateVector, vector));
    }
    return null;
  }
}

/** True for the acknowledgement of a write, which must not leave before that write is durable. */
export function saysSaved(frame: Uint8Array): boolean {
  if (typeOf(frame) !== FRAME.syncStatus) return false;
  const { body } = readFrame(frame);
  return decoding.readVarUint(body) === 1;
}
