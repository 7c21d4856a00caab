// The documents that one socket has open, or asks for. What is kept of each goes by the address of
// its messages, not by its name: one socket may have the same document open twice.
import { Bucket } from './bucket.ts';
import { STEP } from './frames.ts';
import type { Limits } from './limits.ts';
import { TooMuch } from './refusals.ts';
import type { Pass } from './usage.ts';

interface OpenDocument {
  isEntered: boolean;
  /** The newest sync step that the client was let to take. */
  step: number | null;
  /** The newest message was not let through as a whole. */
  hasGap: boolean;
  /** What even the client's answer lacks; null if it was taken whole, or we do not know yet. */
  lack: Lack | null;
}

/** A document of which a client has changes that cannot be taken without others. */
export interface Lack {
  readonly address: string;
  readonly document: string;
  /** Milliseconds. */
  readonly sinceMs: number;
  /** The client was asked for it again, and has not answered yet. */
  isAsked: boolean;
}

export interface SocketDocumentsOptions {
  readonly pass: Pass;
  readonly limits: Pick<Limits, 'documentsPerSocket' | 'refusals'>;
  readonly now?: () => number;
}

export class SocketDocuments {
  readonly #options: SocketDocumentsOptions;
  readonly #now: () => number;
  readonly #open = new Map<string, OpenDocument>();
  readonly #refusals: Bucket;
  #entered = 0;
  #emptySinceMs: number;

  constructor(options: SocketDocumentsOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#refusals = new Bucket(options.limits.refusals, this.#now);
    this.#emptySinceMs = this.#now();
  }

  /** True while the socket is in no document. */
  get isEmpty(): boolean {
    return this.#entered === 0;
  }

  /** Since when the socket is in no document, milliseconds; null while it is in one. */
  get emptySinceMs(): number | null {
    return this.isEmpty ? this.#emptySinceMs : null;
  }

  /** The client has sent a message to this address. @throws {TooMuch} */
  named(address: string): void {
    if (this.#open.has(address)) return;
    const { pass, limits } = this.#options;
    if (this.#open.size >= limits.documentsPerSocket || !pass.openDocument()) {
      throw new TooMuch('documents');
    }
    this.#open.set(address, { isEntered: false, step: null, hasGap: false, lack: null });
  }

  entered(address: string): void {
    const document = this.#open.get(address);
    if (document === undefined || document.isEntered) return;
    document.isEntered = true;
    this.#entered += 1;
  }

  /** True while the client is in the document of an address. */
  isIn(address: string): boolean {
    return this.#open.get(address)?.isEntered ?? false;
  }

  /** The client was not let in. @throws {TooMuch} if that happens to it all the time */
  refused(address: string): void {
    this.left(address);
    if (!this.#refusals.take(1)) throw new TooMuch('documents that are not there');
  }

  /** The document was closed, by whichever side. */
  left(address: string): void {
    const document = this.#open.get(address);
    if (document === undefined) return;
    this.#open.delete(address);
    this.#options.pass.closeDocument();
    if (!document.isEntered) return;
    this.#entered -= 1;
    this.#emptySinceMs = this.#now();
  }

  /**
   * A sync message is about to be applied; its acknowledgement follows.
   * @param isWhole false if something before it is missing, so that it was not let through
   */
  syncing(address: string, step: number, isWhole: boolean): void {
    const document = this.#open.get(address);
    if (document === undefined) return;
    document.step = step;
    document.hasGap = !isWhole;
  }

  hasGap(address: string): boolean {
    return this.#open.get(address)?.hasGap ?? false;
  }

  /** Whether the newest message was an update, and not the answer to a state vector. */
  sentUpdate(address: string): boolean {
    return this.#open.get(address)?.step === STEP.update;
  }

  /** Notes that an answer to a state vector had gaps itself. */
  lacks(address: string, document: string): void {
    const open = this.#open.get(address);
    if (open?.step !== STEP.reply) return;
    open.lack ??= { address, document, sinceMs: this.#now(), isAsked: false };
    open.lack.isAsked = false;
  }

  /** Notes that the newest message was taken whole: after an answer, nothing is lacking. */
  took(address: string): void {
    const open = this.#open.get(address);
    if (open?.step === STEP.reply) open.lack = null;
  }

  /** The client writes no more there. */
  writesNoMore(address: string): void {
    const open = this.#open.get(address);
    if (open !== undefined) Object.assign(open, { step: null, hasGap: false, lack: null });
  }

  get lacking(): readonly Lack[] {
    return [...this.#open.values()].flatMap(({ lack }) => lack ?? []);
  }
}
