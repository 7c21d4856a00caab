// The words documents: seeded from the take's row, written by people, mirrored back to the row.
import * as Y from 'yjs';
import type { Logger } from '#backend/log.ts';
import type { Database } from '#backend/postgres/database.ts';
import {
  appendUpdates,
  lockDocument,
  mirrorWords,
  readUpdates,
  readWords,
  unmirroredWords,
} from '#backend/postgres/documents.ts';
import { parseRoom, roomName } from '#domain/protocol/room.ts';
import { wordsOf } from '#domain/story/document.ts';
import type { TakeId } from '#domain/story/ids.ts';
import { COMMITTED, SERVER_CLIENT_ID } from './committed.ts';
import { untilDone } from './retry.ts';

/** The row follows the document after this long without an edit, milliseconds. */
const QUIET_MS = 1_000;
/** Another node mirrors what was written there; if it has not by then, milliseconds, we do. */
const OTHERS_MS = 30_000;
const RETRY_MS = 2_000;

export interface WordsOptions {
  readonly db: Database;
  readonly log: Logger;
}

export class Words {
  readonly #options: WordsOptions;
  readonly #due = new Map<TakeId, NodeJS.Timeout>();
  readonly #running = new Set<Promise<void>>();
  #isStopped = false;

  constructor(options: WordsOptions) {
    this.#options = options;
  }

  /**
   * Fills a document from the log. The first time, the log is begun with the words that the take
   * was published with: under the lock, so that of several nodes one does.
   */
  async open(takeId: TakeId, document: Y.Doc): Promise<void> {
    const name = roomName({ kind: 'words', takeId });
    const { updates, words } = await this.#options.db.transaction(async (tx) => {
      await lockDocument(tx, name);
      const logged = await readUpdates(tx, name);
      const row = (await readWords(tx, takeId)) ?? '';
      if (logged.length > 0 || row === '') {
        return { updates: logged.map(({ update }) => update), words: row };
      }
      const seed = seedOf(row);
      await appendUpdates(tx, [{ document: name, update: seed }]);
      return { updates: [seed], words: row };
    });
    document.transact(() => {
      for (const update of updates) Y.applyUpdate(document, update, COMMITTED);
    }, COMMITTED);
    // A process that died before it mirrored left the row behind the log.
    if (wordsOf(document).toJSON() !== words) this.#schedule(takeId, 0);
  }

  /** Documents of which updates were committed; other documents than words are ignored. */
  committed(documents: Iterable<string>): void {
    for (const document of documents) {
      const room = parseRoom(document);
      if (room?.kind === 'words') this.#schedule(room.takeId, QUIET_MS);
    }
  }

  /** Another node committed updates of a document: it may have ended before it mirrored them. */
  heard(document: string): void {
    const room = parseRoom(document);
    if (room?.kind === 'words' && !this.#due.has(room.takeId)) {
      this.#schedule(room.takeId, OTHERS_MS);
    }
  }

  /**
   * Mirrors, one by one, what earlier processes left behind: they were killed, or their spill was
   * committed by this one. Asks until Postgres answers.
   */
  async sweep(): Promise<void> {
    const { db, log } = this.#options;
    let behind: readonly TakeId[] = [];
    await untilDone(async () => void (behind = await unmirroredWords(db)), {
      isWanted: () => !this.#isStopped,
      onFailure: (error) => log.warn({ err: error }, 'words that are not mirrored are not known'),
    });
    for (const takeId of behind) {
      if (this.#isStopped) return;
      if (!this.#due.has(takeId)) await this.#start(takeId);
    }
    if (behind.length > 0) log.info({ takes: behind.length }, 'words are mirrored that were not');
  }

  /** Mirrors at once whatever is due; resolves when the rows have it, or could not be written. */
  async flush(): Promise<void> {
    this.#isStopped = true;
    for (const [takeId, timer] of this.#due) {
      clearTimeout(timer);
      void this.#start(takeId);
    }
    await Promise.all(this.#running);
    for (const timer of this.#due.values()) clearTimeout(timer);
    this.#due.clear();
  }

  #schedule(takeId: TakeId, delayMs: number): void {
    clearTimeout(this.#due.get(takeId));
    this.#due.set(
      takeId,
      setTimeout(() => void this.#start(takeId), delayMs),
    );
  }

  #start(takeId: TakeId): Promise<void> {
    this.#due.delete(takeId);
    const running = this.#mirror(takeId).finally(() => this.#running.delete(running));
    this.#running.add(running);
    return running;
  }

  async #mirror(takeId: TakeId): Promise<void> {
    const { db, log } = this.#options;
    try {
      await db.transaction((tx) => mirrorWords(tx, takeId));
    } catch (error) {
      log.warn({ err: error, takeId }, 'the words of a take are not mirrored yet');
      if (!this.#due.has(takeId)) this.#schedule(takeId, RETRY_MS);
    }
  }
}

/** The same words always give the same update. */
function seedOf(words: string): Uint8Array {
  const doc = new Y.Doc();
  doc.clientID = SERVER_CLIENT_ID;
  wordsOf(doc).insert(0, words);
  return Y.encodeStateAsUpdate(doc);
}
