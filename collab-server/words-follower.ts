// Brings the words documents that are open here what people wrote on other nodes.
import * as Y from 'yjs';
import type { Logger } from '#backend/log.ts';
import type { Database } from '#backend/postgres/database.ts';
import { readUpdates } from '#backend/postgres/documents.ts';
import { COMMITTED } from './committed.ts';
import { untilDone } from './retry.ts';

/** No update has a smaller number. */
const FIRST_SEQ = 1;

export interface WordsFollowerOptions {
  readonly db: Database;
  readonly log: Logger;
}

export class WordsFollower {
  readonly #options: WordsFollowerOptions;
  readonly #open = new Map<string, Followed>();

  constructor(options: WordsFollowerOptions) {
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
    this.#open.get(name)?.catchUp(firstSeq);
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
  readonly #options: WordsFollowerOptions;
  /** The log has something for us from here on; null if we have all that we were told of. */
  #behindSince: number | null = null;
  #isReading = false;
  #isClosed = false;

  constructor(name: string, document: Y.Doc, options: WordsFollowerOptions) {
    this.#name = name;
    this.document = document;
    this.#options = options;
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
  }

  async #read(): Promise<void> {
    this.#isReading = true;
    while (this.#behindSince !== null && !this.#isClosed) {
      await untilDone(() => this.#pass(), {
        isWanted: () => !this.#isClosed,
        onFailure: (error, failures) =>
          this.#options.log.warn(
            { err: error, document: this.#name, failures },
            'words of another node are not here yet',
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
      this.document.transact(() => {
        for (const { update } of logged) Y.applyUpdate(this.document, update);
      }, COMMITTED);
    } catch (error) {
      this.#behindSince = Math.min(this.#behindSince ?? since, since);
      throw error;
    }
  }
}
