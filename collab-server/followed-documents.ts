// Brings the documents of people that are open here what was written on other nodes: at once what
// those send over Redis, and from the log whatever did not come that way.
import * as Y from 'yjs';
import type { Logger } from '#backend/log.ts';
import type { Database } from '#backend/postgres/database.ts';
import { readUpdates } from '#backend/postgres/documents.ts';
import { COMMITTED } from './committed.ts';
import { decodeUpdate } from './decode-update.ts';
import { dropParked } from './parked.ts';
import { untilDone } from './retry.ts';

/** No update has a smaller number. */
const FIRST_SEQ = 1;
/** How long what was committed may take over Redis before it is read from the log, milliseconds. */
const GRACE_MS = 150;
/** Updates whose notices are still expected, of one document; of older ones the log is read. */
const REMEMBERED = 1_000;

export interface FollowedDocumentsOptions {
  readonly db: Database;
  readonly log: Logger;
  /** True while other nodes can be expected to send what they commit. */
  readonly isSent?: () => boolean;
}

/** Updates that another node has committed. */
export interface SentUpdates {
  readonly seqs: readonly number[];
  readonly updates: readonly Uint8Array[];
}

export class FollowedDocuments {
  readonly #options: FollowedDocumentsOptions;
  readonly #open = new Map<string, Followed>();

  constructor(options: FollowedDocumentsOptions) {
    this.#options = options;
  }

  /** Keeps a document up to date until it is closed. Call before its log is read. */
  open(name: string, document: Y.Doc): void {
    this.#open.set(name, new Followed(name, document, this.#options));
  }

  close(name: string, document: Y.Doc): void {
    const followed = this.#open.get(name);
    if (followed?.document !== document) return;
    followed.close();
    this.#open.delete(name);
  }

  /** Another node committed updates of a document, none of them with a number before `firstSeq`. */
  changed(name: string, firstSeq: number): void {
    this.#open.get(name)?.changed(firstSeq);
  }

  /** Another node sent what it committed. */
  sent(name: string, updates: SentUpdates): void {
    this.#open.get(name)?.sent(updates);
  }

  /** Notices may have been missed. */
  changedAll(): void {
    for (const followed of this.#open.values()) followed.catchUp(FIRST_SEQ);
  }

  stop(): void {
    for (const followed of this.#open.values()) followed.close();
    this.#open.clear();
  }
}

class Followed {
  readonly document: Y.Doc;
  readonly #name: string;
  readonly #options: FollowedDocumentsOptions;
  /** The log has something for us from here on; null if we have all that we were told of. */
  #behindSince: number | null = null;
  /** First numbers of what was sent and applied, until their notices come. */
  readonly #early = new Set<number>();
  /** First numbers of what was committed and may still be sent, with what then reads the log. */
  readonly #expected = new Map<number, NodeJS.Timeout>();
  #isReading = false;
  #isClosed = false;

  constructor(name: string, document: Y.Doc, options: FollowedDocumentsOptions) {
    this.#name = name;
    this.document = document;
    this.#options = options;
  }

  /** Something was committed from this number on: sent to us, or it will be, or read it. */
  changed(firstSeq: number): void {
    if (this.#early.delete(firstSeq) || this.#expected.has(firstSeq)) return;
    if (this.#options.isSent?.() !== true || this.#expected.size >= REMEMBERED) {
      this.catchUp(firstSeq);
      return;
    }
    const read = () => {
      this.#expected.delete(firstSeq);
      this.catchUp(firstSeq);
    };
    this.#expected.set(firstSeq, setTimeout(read, GRACE_MS).unref());
  }

  /** Applies what is next to what we have; if it is not, the log has what is between. */
  sent({ seqs, updates }: SentUpdates): void {
    const [firstSeq] = seqs;
    if (firstSeq === undefined) return;
    for (const update of updates) decodeUpdate(update);
    this.#apply(updates);
    if (dropParked(this.document)) this.catchUp(FIRST_SEQ);
    else this.#arrived(firstSeq);
  }

  /** Reads the log from a number on; what is known already changes nothing. */
  catchUp(firstSeq: number): void {
    // Numbers are given before the commit, so two nodes' may become visible out of order: we read
    // from where we are told to, not from the last number that we have seen.
    this.#behindSince = Math.min(this.#behindSince ?? firstSeq, firstSeq);
    if (!this.#isReading) void this.#read();
  }

  close(): void {
    this.#isClosed = true;
    for (const timer of this.#expected.values()) clearTimeout(timer);
  }

  #arrived(firstSeq: number): void {
    const timer = this.#expected.get(firstSeq);
    if (timer !== undefined) {
      clearTimeout(timer);
      this.#expected.delete(firstSeq);
      return;
    }
    this.#early.add(firstSeq);
    if (this.#early.size <= REMEMBERED) return;
    for (const oldest of this.#early) {
      this.#early.delete(oldest);
      return;
    }
  }

  async #read(): Promise<void> {
    this.#isReading = true;
    while (this.#behindSince !== null && !this.#isClosed) {
      await untilDone(() => this.#pass(), {
        isWanted: () => !this.#isClosed,
        onFailure: (error, failures) =>
          this.#options.log.warn(
            { err: error, document: this.#name, failures },
            'updates of another node are not here yet',
          ),
      });
    }
    this.#isReading = false;
  }

  async #pass(): Promise<void> {
    const since = this.#behindSince ?? FIRST_SEQ;
    // Before the log is read: what we are told of meanwhile may not be in what we get.
    this.#behindSince = null;
    try {
      const logged = await readUpdates(this.#options.db, this.#name, since - 1);
      if (this.#isClosed) return;
      this.#apply(logged.map(({ update }) => update));
    } catch (error) {
      this.#behindSince = Math.min(this.#behindSince ?? since, since);
      throw error;
    }
    // What it builds on was committed before it, but we were not told yet.
    if (since > FIRST_SEQ && dropParked(this.document)) this.#behindSince = FIRST_SEQ;
  }

  #apply(updates: readonly Uint8Array[]): void {
    this.document.transact(() => {
      for (const update of updates) Y.applyUpdate(this.document, update);
    }, COMMITTED);
  }
}
