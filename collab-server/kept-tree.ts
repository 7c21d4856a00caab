// One story's tree in the thread of the trees: bytes that are passed on, and a document while
// something happens to it.
import * as Y from 'yjs';
import type { Logger } from '#backend/log.ts';
import { weigh } from '#backend/postgres/compaction.ts';
import type { Database } from '#backend/postgres/database.ts';
import {
  hasMoved,
  readStoredTree,
  type StoredTree,
  type TreeState,
} from '#backend/story/stored-tree.ts';
import { TreeLog, type Gain } from '#backend/story/tree-log.ts';
import { roomName } from '#domain/protocol/room.ts';
import type { StoryId } from '#domain/story/ids.ts';
import { STEP, syncFrame } from './frames.ts';
import { untilDone } from './retry.ts';
import { TreeContents } from './tree-contents.ts';
import type { TreeReport, TreeRequest } from './tree-messages.ts';

/** A document that nothing happens to is let go after so long, milliseconds. */
const QUIET_MS = 30_000;

export interface KeptTreeOptions {
  readonly db: Database;
  readonly log: Logger;
  readonly report: (report: TreeReport) => void;
  readonly quietMs?: number;
}

type OpenRequest = Extract<TreeRequest, { type: 'open' }>;

/** Answers if it can, with the document if there is one. @returns false if it cannot */
type Question = (doc: Y.Doc | null) => boolean;

/** Nobody has anything yet, or nothing is known of it but the vector. */
const NOWHERE: TreeState = { seq: 0, revision: -1 };

/** Passes follow one another; whoever asks during one gets another after it. */
export class KeptTree {
  readonly #tree: number;
  readonly #storyId: StoryId;
  readonly #options: KeptTreeOptions;
  /** Null while the tree is bytes. */
  #log: TreeLog | null = null;
  /** The state vector of what those who are served were told. */
  #told: Uint8Array | null;
  #toldState = NOWHERE;
  /** What the tree as it was told has; null if that has to be asked of the document. */
  #contents: TreeContents | null = null;
  #isOpen = false;
  #isClosed = false;
  #isDue = false;
  /** The document has all that was told, and nothing that is not committed. */
  #isSound = false;
  #running: Promise<void> | null = null;
  #questions: Question[] = [];
  #quiet: NodeJS.Timeout | undefined;

  constructor({ tree, storyId, have }: OpenRequest, options: KeptTreeOptions) {
    this.#tree = tree;
    this.#storyId = storyId;
    this.#told = have;
    this.#options = options;
  }

  get isDocument(): boolean {
    return this.#log !== null;
  }

  /** Brings the tree up to date, trying again until it succeeds or the tree is closed. */
  follow(): void {
    this.#isDue = true;
    this.#running ??= this.#run().finally(() => (this.#running = null));
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#quiet);
  }

  /** Resolves when no pass is running. */
  async settled(): Promise<void> {
    await this.#running;
  }

  /** Reports what whoever has `vector` lacks. */
  lacks(key: string, vector: Uint8Array): void {
    this.#ask((doc) => {
      const update = doc === null ? this.#deletionsFor(vector) : Y.encodeStateAsUpdate(doc, vector);
      if (update === null) return false;
      this.#report({ type: 'lacked', tree: this.#tree, key, frame: this.#framed(update) });
      return true;
    });
  }

  /** Reports whether the tree has all that is in `update`. */
  knows(id: number, update: Uint8Array): void {
    this.#ask((doc) => {
      if (doc !== null) this.#contents ??= TreeContents.ofDocument(doc);
      if (this.#contents === null) return false;
      const isKnown = this.#contents.contains(update);
      this.#report({ type: 'known', tree: this.#tree, id, isKnown });
      return true;
    });
  }

  /** What is asked during a pass waits for its end: the document may have what no log has yet. */
  #ask(question: Question): void {
    if (!this.#isOpen) return;
    this.#questions.push(question);
    this.#answer();
    if (this.#questions.length > 0 && this.#log === null) this.follow();
  }

  #answer(): void {
    const doc = this.#isSound && this.#log !== null ? this.#log.doc : null;
    this.#questions = this.#questions.filter((question) => !question(doc));
    if (doc !== null) this.#quietLater();
  }

  /** Whoever has all that was written lacks what was deleted at most. */
  #deletionsFor(vector: Uint8Array): Uint8Array | null {
    const told = this.#told;
    if (told === null || Buffer.compare(told, vector) !== 0) return null;
    return this.#contents?.deletions() ?? null;
  }

  async #run(): Promise<void> {
    const { log } = this.#options;
    const storyId = this.#storyId;
    while (this.#isDue && !this.#isClosed) {
      this.#isDue = false;
      await untilDone(() => this.#pass(), {
        isWanted: () => !this.#isClosed,
        onFailure: (error, failures) => {
          log.warn({ err: error, storyId, failures }, 'the tree is behind');
          if (!this.#isOpen)
            this.#report({ type: 'failed', tree: this.#tree, reason: String(error) });
        },
      });
    }
  }

  async #pass(): Promise<void> {
    if (this.#log !== null || (await this.#needsDocument())) await this.#followRows();
  }

  async #needsDocument(): Promise<boolean> {
    const { db } = this.#options;
    if (this.#isOpen) {
      return this.#questions.length > 0 || hasMoved(db, this.#storyId, this.#toldState);
    }
    const stored = await readStoredTree(db, this.#storyId);
    return stored === null || !this.#openFrom(stored);
  }

  /** @returns false if readers may have other than what is stored, which is for a document to say */
  #openFrom(stored: StoredTree): boolean {
    const contents = TreeContents.ofOutline(stored.outline);
    const vector = contents.vector();
    if (this.#told !== null && Buffer.compare(this.#told, vector) !== 0) return false;
    if (this.#isClosed) return true;
    this.#contents = contents;
    this.#told = vector.slice();
    this.#toldState = { seq: stored.seq, revision: stored.revision };
    this.#isOpen = true;
    const frames = stored.updates.map((update) => this.#framed(update));
    this.#report({ type: 'opened', tree: this.#tree, frames, vector, missed: null });
    return true;
  }

  async #followRows(): Promise<void> {
    const wasSound = this.#isSound;
    this.#isSound = false;
    if (this.#log === null || this.#log.isTainted) {
      this.#log = new TreeLog(this.#storyId, this.#toldState.seq);
    }
    const log = this.#log;
    try {
      const gain = await log.catchUp(this.#options.db);
      this.#isSound = true;
      // Only now, when it is committed: nobody sees a state that a crash could take back.
      if (gain.written !== null) this.#logged(gain.written);
      if (gain.isMended) this.#options.log.error({ storyId: this.#storyId }, 'a log was mended');
      if (!this.#isClosed) this.#tell(log, gain);
    } catch (error) {
      this.#isSound = wasSound && !log.isTainted;
      throw error;
    } finally {
      this.#answer();
    }
  }

  #tell(log: TreeLog, { updates, isExact }: Gain): void {
    const { doc, seq, revision } = log;
    const tree = this.#tree;
    const vector = Y.encodeStateVector(doc);
    const told = this.#told;
    const isNews = updates.length > 0;
    if (isNews || !this.#isOpen) this.#contents = null;
    this.#told = vector.slice();
    this.#toldState = { seq, revision };
    const missed = told === null ? null : () => this.#framed(Y.encodeStateAsUpdate(doc, told));
    if (!this.#isOpen) {
      this.#isOpen = true;
      const frames = [this.#framed(Y.encodeStateAsUpdate(doc))];
      this.#report({ type: 'opened', tree, frames, vector, missed: missed?.() ?? null });
    } else if (isNews) {
      // A log that was read anew may give out what was told already, too.
      const exact = () => this.#framed(Y.mergeUpdates([...updates]));
      const frame = isExact || missed === null ? exact() : missed();
      this.#report({ type: 'grown', tree, frame, vector });
    }
  }

  #quietLater(): void {
    const { quietMs = QUIET_MS } = this.#options;
    clearTimeout(this.#quiet);
    if (!this.#isClosed) this.#quiet = setTimeout(() => this.#letGo(), quietMs).unref();
  }

  /** From here on the tree is bytes again. */
  #letGo(): void {
    if (this.#log === null || !this.#isSound || this.#running !== null) return;
    this.#contents ??= TreeContents.ofDocument(this.#log.doc);
    this.#log.doc.destroy();
    this.#log = null;
    this.#isSound = false;
  }

  #framed(update: Uint8Array): Uint8Array {
    return syncFrame(roomName({ kind: 'story', storyId: this.#storyId }), STEP.update, update);
  }

  #logged(update: Uint8Array): void {
    this.#report({ type: 'logged', tree: this.#tree, weight: weigh([{ update }]) });
  }

  #report(report: TreeReport): void {
    this.#options.report(report);
  }
}
