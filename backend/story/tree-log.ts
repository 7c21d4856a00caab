// The tree document of a story as its log has it, and how it follows the rows. Whoever holds one
// of these writes the tree; see docs/decisions/003-the-server-writes-the-tree.md.
import { setImmediate as turn } from 'node:timers/promises';
import * as Y from 'yjs';
import { roomName } from '#domain/protocol/room.ts';
import { revisionOf, writeTree, type TreeChange } from '#domain/story/document.ts';
import type { StoryId } from '#domain/story/ids.ts';
import type { Database, Queryable } from '../postgres/database.ts';
import {
  appendUpdates,
  lockDocument,
  readUpdates,
  type LoggedUpdate,
} from '../postgres/documents.ts';
import { changesSince } from './changes.ts';

/** The Yjs client under which trees are written: one for all nodes, which write in turn. */
const WRITER_CLIENT_ID = 1;
/** A client id that is in no log: the document has it while it reads. */
const READER_CLIENT_ID = 0;
/** A long log is applied in pieces of so many milliseconds: other stories get in between. */
const PIECE_MS = 10;

/** What a document has gained; all of it is committed. */
export interface Gain {
  readonly updates: readonly Uint8Array[];
  /** The one among them that was made here. */
  readonly written: Uint8Array | null;
}

export class TreeLog {
  readonly doc = new Y.Doc();
  readonly #storyId: StoryId;
  readonly #name: string;
  #seenSeq = 0;
  /** What was read and not given out yet. */
  #read: Uint8Array[] = [];
  #isTainted = false;

  constructor(storyId: StoryId) {
    this.#storyId = storyId;
    this.#name = roomName({ kind: 'story', storyId });
  }

  /**
   * True after a failure that may have left in the document what is not in the log, or other than
   * it is there: it is of no more use then.
   */
  get isTainted(): boolean {
    return this.#isTainted;
  }

  /** Reads what the log has gained, and adds what the story's events say. One call at a time. */
  async catchUp(db: Database): Promise<Gain> {
    // Most of a long log is read before anybody has to wait for the lock.
    await this.#readOn(db);
    const written = await db.transaction(async (tx) => {
      await lockDocument(tx, this.#name);
      await this.#readOn(tx);
      const change = await changesSince(tx, this.#storyId, revisionOf(this.doc));
      if (change === null) return null;
      this.#isTainted = true;
      const update = this.#write(change);
      const [seq] = await appendUpdates(tx, [{ document: this.#name, update }]);
      return { update, seq: seq ?? this.#seenSeq };
    });
    this.#isTainted = false;
    if (written !== null) {
      this.#seenSeq = written.seq;
      this.#read.push(written.update);
    }
    return { updates: this.#read.splice(0), written: written?.update ?? null };
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
    this.#seenSeq = Math.max(this.#seenSeq, logged.seq);
    this.#read.push(logged.update);
  }

  #write(change: TreeChange): Uint8Array {
    const written: Uint8Array[] = [];
    const collect = (update: Uint8Array): void => void written.push(update);
    this.doc.clientID = WRITER_CLIENT_ID;
    this.doc.on('update', collect);
    writeTree(this.doc, change);
    this.doc.off('update', collect);
    return Y.mergeUpdates(written);
  }
}
