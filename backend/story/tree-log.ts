// The tree document of a story as its log has it, and how it follows the rows. Whoever holds one
// of these writes the tree; see docs/decisions/003-the-server-writes-the-tree.md.
import { setImmediate as turn } from 'node:timers/promises';
import * as Y from 'yjs';
import { roomName } from '#domain/protocol/room.ts';
import { mendTree, revisionOf, writeTree } from '#domain/story/document.ts';
import type { StoryId } from '#domain/story/ids.ts';
import { replaceLog } from '../postgres/compaction.ts';
import type { Database, Queryable, Transaction } from '../postgres/database.ts';
import {
  appendUpdates,
  lockDocument,
  nextNumber,
  readUpdates,
  type LoggedUpdate,
} from '../postgres/documents.ts';
import { notify } from '../postgres/notices.ts';
import { changesSince } from './changes.ts';

/** A client id that is in no log: the document has it while it reads. */
const READER_CLIENT_ID = 0;
/** A long log is applied in pieces of so many milliseconds: other stories get in between. */
const PIECE_MS = 10;

/** What a document has gained; all of it is committed. */
export interface Gain {
  readonly updates: readonly Uint8Array[];
  /** False if what was known before is among the updates, or some of what came since may not be. */
  readonly isExact: boolean;
  /** The one among them that was made here. */
  readonly written: Uint8Array | null;
  /** The log had lost updates. */
  readonly isMended: boolean;
}

export class TreeLog {
  readonly doc = new Y.Doc();
  readonly #storyId: StoryId;
  readonly #name: string;
  /** What is known already of whoever asks what was gained. */
  readonly #knownSeq: number;
  #seenSeq = 0;
  /** Null while it is to be looked up. */
  #revision: number | null = null;
  /** What was read and not given out yet. */
  #read: Uint8Array[] = [];
  #isExact = true;
  #isTainted = false;

  /** Gains are told from the update after `knownSeq` on: from the first, if it is left out. */
  constructor(storyId: StoryId, knownSeq = 0) {
    this.#storyId = storyId;
    this.#name = roomName({ kind: 'story', storyId });
    this.#knownSeq = knownSeq;
  }

  /** The highest number that the document has of the log. */
  get seq(): number {
    return this.#seenSeq;
  }

  /** How many of the story's events the document has. */
  get revision(): number {
    return (this.#revision ??= revisionOf(this.doc));
  }

  /**
   * True after a failure that may have left in the document what is not in the log, or other than
   * it is there: it is of no more use then.
   */
  get isTainted(): boolean {
    return this.#isTainted;
  }

  /**
   * Reads what the log has gained, and adds what the story's events say. One call at a time. A log
   * that has lost updates is mended.
   */
  async catchUp(db: Database): Promise<Gain> {
    // Most of a long log is read before anybody has to wait for the lock.
    await this.#readOn(db);
    return this.#gain(db, (tx) => (this.#isWhole() ? this.#follow(tx) : this.#mend(tx)));
  }

  /** Makes the tree what the rows say, whatever it was, and has every node look at it. */
  mend(db: Database): Promise<Gain> {
    return this.#gain(db, (tx) => this.#mend(tx));
  }

  async #gain(db: Database, write: (tx: Transaction) => Promise<Uint8Array | null>): Promise<Gain> {
    const gained = await db.transaction(async (tx) => {
      await lockDocument(tx, this.#name);
      await this.#readOn(tx);
      const isMended = !this.#isWhole();
      const update = await write(tx);
      if (update === null) return null;
      const [seq = this.#seenSeq] = await appendUpdates(tx, [{ document: this.#name, update }]);
      return { update, seq, isMended };
    });
    this.#isTainted = false;
    if (gained !== null) {
      this.#seenSeq = gained.seq;
      this.#read.push(gained.update);
    }
    const { update: written = null, isMended = false } = gained ?? {};
    const isExact = this.#isExact && !isMended;
    this.#isExact = true;
    return { updates: this.#read.splice(0), isExact, written, isMended };
  }

  async #follow(tx: Transaction): Promise<Uint8Array | null> {
    const change = await changesSince(tx, this.#storyId, this.revision);
    if (change === null) return null;
    const written = this.#write(await this.#writerId(tx), () => writeTree(this.doc, change));
    this.#revision = change.meta.revision;
    return written;
  }

  /**
   * Readers may have what the log has lost, and its clocks with it. So everything is written again
   * under a new client id, the highest so far: of two values of one key that do not know of each
   * other, Yjs takes the one of the higher id, in every copy alike.
   */
  async #mend(tx: Transaction): Promise<Uint8Array | null> {
    const everything = await changesSince(tx, this.#storyId, 0);
    if (everything === null) return null;
    const isAnew = !this.#isWhole();
    const writer = await this.#writerId(tx);
    if (isAnew) await this.#dropParked(tx);
    await notify(tx, 'story_event', { storyId: this.#storyId });
    return this.#write(writer, () => mendTree(this.doc, everything, isAnew));
  }

  /** Takes out of the document, and of the log, what waits for something that is lost. */
  async #dropParked(tx: Transaction): Promise<void> {
    this.#isTainted = true;
    this.doc.store.pendingStructs = null;
    this.doc.store.pendingDs = null;
    const state = Y.encodeStateAsUpdate(this.doc);
    await replaceLog(tx, { document: this.#name, state, throughSeq: this.#seenSeq });
  }

  #isWhole(): boolean {
    const { pendingStructs, pendingDs } = this.doc.store;
    return pendingStructs === null && pendingDs === null;
  }

  /** One Yjs client for all nodes, which write in turn; another one if a tree begins anew. */
  async #writerId(tx: Transaction): Promise<number> {
    const ids = [...this.doc.store.clients.keys()];
    if (ids.length > 0 && this.#isWhole()) return Math.max(...ids);
    return Math.max(await nextNumber(tx), ...ids.map((id) => id + 1));
  }

  async #readOn(db: Queryable): Promise<void> {
    const logged = await readUpdates(db, this.#name, this.#seenSeq);
    // Yjs takes another client id as soon as it meets its own in an update.
    this.doc.clientID = READER_CLIENT_ID;
    for (let at = 0; at < logged.length;) {
      if (at > 0) await turn();
      const endMs = performance.now() + PIECE_MS;
      this.doc.transact(() => {
        do this.#apply(logged[at++]);
        while (at < logged.length && performance.now() < endMs);
      });
    }
  }

  #apply(logged: LoggedUpdate | undefined): void {
    if (logged === undefined) return;
    Y.applyUpdate(this.doc, logged.update);
    this.#revision = null;
    const knownSeq = Math.max(this.#knownSeq, this.#seenSeq);
    this.#seenSeq = Math.max(this.#seenSeq, logged.seq);
    if (logged.seq <= knownSeq) return;
    this.#read.push(logged.update);
    if (logged.isSnapshot && knownSeq > 0) this.#isExact = false;
  }

  /** @returns what `write` changed; null for nothing */
  #write(clientId: number, write: () => void): Uint8Array | null {
    const written: Uint8Array[] = [];
    const collect = (update: Uint8Array): void => void written.push(update);
    this.#isTainted = true;
    this.#revision = null;
    this.doc.clientID = clientId;
    this.doc.on('update', collect);
    write();
    this.doc.off('update', collect);
    return written.length === 0 ? null : Y.mergeUpdates(written);
  }
}
