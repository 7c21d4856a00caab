// Writes the tree documents, and nobody else does: each story that is open here follows its
// events in Postgres. See docs/decisions/003-the-server-writes-the-tree.md.
import * as Y from 'yjs';
import type { Logger } from '#backend/log.ts';
import type { Database } from '#backend/postgres/database.ts';
import {
  appendUpdates,
  lockDocument,
  readUpdates,
  type NewUpdate,
} from '#backend/postgres/documents.ts';
import { changesSince } from '#backend/story/changes.ts';
import { roomName } from '#domain/protocol/room.ts';
import { revisionOf, writeTree, type TreeChange } from '#domain/story/document.ts';
import type { StoryId } from '#domain/story/ids.ts';
import { COMMITTED, SERVER_CLIENT_ID } from './committed.ts';
import { untilDone } from './retry.ts';

/** A client id that is in no log: the shadow has it while it reads. */
const READER_CLIENT_ID = 0;

export interface TreeWriterOptions {
  readonly db: Database;
  readonly log: Logger;
  readonly sleep?: (ms: number) => Promise<unknown>;
  /** Told what the log of a document has gained. */
  readonly onLogged?: (updates: readonly NewUpdate[]) => void;
}

export class TreeWriter {
  readonly #options: TreeWriterOptions;
  readonly #open = new Map<StoryId, OpenTree>();

  constructor(options: TreeWriterOptions) {
    this.#options = options;
  }

  /** Brings a document up to date with its story, and keeps it so until it is closed. */
  async open(storyId: StoryId, document: Y.Doc): Promise<void> {
    const tree = new OpenTree(storyId, document, this.#options);
    // Followed before it is read, so that no event falls between.
    this.#open.set(storyId, tree);
    try {
      await tree.sync();
    } catch (error) {
      this.close(storyId, document);
      throw error;
    }
  }

  close(storyId: StoryId, document: Y.Doc): void {
    const tree = this.#open.get(storyId);
    if (tree?.document !== document) return;
    void tree.close();
    this.#open.delete(storyId);
  }

  /** Something of a story was committed. */
  changed(storyId: StoryId): void {
    this.#open.get(storyId)?.follow();
  }

  /** Events may have been missed. */
  changedAll(): void {
    for (const tree of this.#open.values()) tree.follow();
  }

  /** Stops following; resolves when nothing is being written any more. */
  async stop(): Promise<void> {
    const trees = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(trees.map((tree) => tree.close()));
  }
}

class OpenTree {
  readonly document: Y.Doc;
  readonly #storyId: StoryId;
  readonly #options: TreeWriterOptions;
  #shadow = new Shadow();
  #closed = false;
  #current: Promise<void> = Promise.resolve();
  #next: Promise<void> | null = null;

  constructor(storyId: StoryId, document: Y.Doc, options: TreeWriterOptions) {
    this.#storyId = storyId;
    this.document = document;
    this.#options = options;
  }

  /** Syncs, trying again until it succeeds or the document is closed. */
  follow(): void {
    void this.#follow();
  }

  #follow(): Promise<void> {
    const { log, sleep } = this.#options;
    return untilDone(() => this.sync(), {
      isWanted: () => !this.#closed,
      onFailure: (error, failures) =>
        log.warn({ err: error, storyId: this.#storyId, failures }, 'the tree is behind'),
      sleep,
    });
  }

  /** One pass that begins after this call; calls made before it begins share it. */
  sync(): Promise<void> {
    this.#next ??= this.#current
      .catch(() => undefined)
      .then(() => {
        this.#next = null;
        this.#current = this.#pass();
        return this.#current;
      });
    return this.#next;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await (this.#next ?? this.#current).catch(() => undefined);
  }

  async #pass(): Promise<void> {
    if (this.#closed) return;
    try {
      const updates = await this.#shadow.catchUp(this.#options.db, this.#storyId);
      const document = roomName({ kind: 'story', storyId: this.#storyId });
      this.#options.onLogged?.(updates.map((update) => ({ document, update })));
      if (this.#closed) return;
      // Only now, when it is committed: clients never see a state that a crash could take back.
      this.document.transact(() => {
        for (const update of updates) Y.applyUpdate(this.document, update);
      }, COMMITTED);
    } catch (error) {
      // The shadow may hold what was rolled back, or what was committed unseen: read it again.
      this.#shadow = new Shadow();
      throw error;
    }
  }
}

/** The document as the log has it: new updates are made here, off the live document. */
class Shadow {
  readonly #doc = new Y.Doc();
  #seenSeq = 0;

  /** Reads what the log has gained, adds what the story's events say, returns both. */
  catchUp(db: Database, storyId: StoryId): Promise<readonly Uint8Array[]> {
    const document = roomName({ kind: 'story', storyId });
    return db.transaction(async (tx) => {
      await lockDocument(tx, document);
      const logged = await readUpdates(tx, document, this.#seenSeq);
      this.#read(logged.map(({ update }) => update));
      for (const { seq } of logged) this.#seenSeq = Math.max(this.#seenSeq, seq);
      const updates = logged.map(({ update }) => update);
      const change = await changesSince(tx, storyId, revisionOf(this.#doc));
      if (change === null) return updates;
      const update = this.#write(change);
      const [seq] = await appendUpdates(tx, [{ document, update }]);
      this.#seenSeq = seq ?? this.#seenSeq;
      return [...updates, update];
    });
  }

  #read(updates: readonly Uint8Array[]): void {
    // Yjs takes another client id as soon as it meets its own in an update.
    this.#doc.clientID = READER_CLIENT_ID;
    this.#doc.transact(() => {
      for (const update of updates) Y.applyUpdate(this.#doc, update);
    });
  }

  #write(change: TreeChange): Uint8Array {
    const written: Uint8Array[] = [];
    const collect = (update: Uint8Array): void => void written.push(update);
    this.#doc.clientID = SERVER_CLIENT_ID;
    this.#doc.on('update', collect);
    writeTree(this.#doc, change);
    this.#doc.off('update', collect);
    return Y.mergeUpdates(written);
  }
}
