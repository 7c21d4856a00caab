// Keeps the trees of the stories that are open on this node, in the thread of the trees: the only
// place where their Yjs documents are. See docs/decisions/013-trees-as-bytes.md.
import * as Y from 'yjs';
import type { Logger } from '#backend/log.ts';
import { weigh } from '#backend/postgres/compaction.ts';
import type { Database } from '#backend/postgres/database.ts';
import { TreeLog } from '#backend/story/tree-log.ts';
import { roomName } from '#domain/protocol/room.ts';
import type { StoryId } from '#domain/story/ids.ts';
import { STEP, syncFrame } from './frames.ts';
import { untilDone } from './retry.ts';
import { contains } from './tree-contents.ts';
import type { TreeReport, TreeRequest } from './tree-messages.ts';

export interface TreeKeeperOptions {
  readonly db: Database;
  readonly log: Logger;
  readonly report: (report: TreeReport) => void;
}

export class TreeKeeper {
  readonly #options: TreeKeeperOptions;
  readonly #kept = new Map<number, KeptTree>();

  constructor(options: TreeKeeperOptions) {
    this.#options = options;
  }

  /** Does what is asked, or begins to. */
  handle(request: Exclude<TreeRequest, { type: 'stop' }>): void {
    const tree = this.#kept.get(request.tree);
    switch (request.type) {
      case 'open': {
        const opened = new KeptTree(request, this.#options);
        this.#kept.set(request.tree, opened);
        return opened.follow();
      }
      case 'close':
        tree?.close();
        return void this.#kept.delete(request.tree);
      case 'changed':
        return tree?.follow();
      case 'lacks':
        return tree?.lacks(request.key, request.vector);
      case 'knows':
        return tree?.knows(request.id, request.update);
    }
  }

  /** Stops following; resolves when nothing is being written any more. */
  async stop(): Promise<void> {
    const trees = [...this.#kept.values()];
    this.#kept.clear();
    for (const tree of trees) tree.close();
    await Promise.all(trees.map((tree) => tree.settled()));
  }
}

type OpenRequest = Extract<TreeRequest, { type: 'open' }>;

/** One story. Passes follow one another; whoever asks during one gets another after it. */
class KeptTree {
  readonly #tree: number;
  readonly #storyId: StoryId;
  readonly #options: TreeKeeperOptions;
  #log: TreeLog;
  /** The state vector of what those who are served were told. */
  #told: Uint8Array | null;
  #isOpen = false;
  #isClosed = false;
  #isDue = false;
  /** The document has all that was told, and nothing that is not committed. */
  #isSound = false;
  #running: Promise<void> | null = null;
  readonly #questions: (() => void)[] = [];
  /** Made for questions, until the tree changes. */
  #snapshot: Y.Snapshot | null = null;

  constructor({ tree, storyId, have }: OpenRequest, options: TreeKeeperOptions) {
    this.#tree = tree;
    this.#storyId = storyId;
    this.#told = have;
    this.#options = options;
    this.#log = new TreeLog(storyId);
  }

  /** Brings the tree up to date, trying again until it succeeds or the tree is closed. */
  follow(): void {
    this.#isDue = true;
    this.#running ??= this.#run().finally(() => (this.#running = null));
  }

  close(): void {
    this.#isClosed = true;
  }

  /** Resolves when no pass is running. */
  async settled(): Promise<void> {
    await this.#running;
  }

  lacks(key: string, vector: Uint8Array): void {
    this.#ask(() => {
      const frame = this.#framed(this.#since(vector));
      this.#report({ type: 'lacked', tree: this.#tree, key, frame });
    });
  }

  knows(id: number, update: Uint8Array): void {
    this.#ask(() => {
      this.#snapshot ??= Y.snapshot(this.#log.doc);
      const isKnown = contains(this.#snapshot, update);
      this.#report({ type: 'known', tree: this.#tree, id, isKnown });
    });
  }

  /** What is asked during a pass waits for its end: the document may have what no log has yet. */
  #ask(question: () => void): void {
    if (!this.#isOpen) return;
    this.#questions.push(question);
    this.#answer();
  }

  #answer(): void {
    if (!this.#isSound) return;
    for (const question of this.#questions.splice(0)) question();
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
    const wasSound = this.#isSound;
    this.#isSound = false;
    if (this.#log.isTainted) this.#log = new TreeLog(this.#storyId);
    try {
      const { updates, written, isMended } = await this.#log.catchUp(this.#options.db);
      this.#isSound = true;
      // Only now, when it is committed: nobody sees a state that a crash could take back.
      if (written !== null) this.#logged(written);
      if (isMended) this.#options.log.error({ storyId: this.#storyId }, 'a log was mended');
      if (!this.#isClosed) this.#tell(updates, wasSound);
    } catch (error) {
      this.#isSound = wasSound && !this.#log.isTainted;
      throw error;
    } finally {
      this.#answer();
    }
  }

  #tell(updates: readonly Uint8Array[], isContinued: boolean): void {
    const { doc } = this.#log;
    const tree = this.#tree;
    const vector = Y.encodeStateVector(doc);
    const told = this.#told;
    this.#told = vector.slice();
    this.#snapshot = null;
    if (!this.#isOpen) {
      this.#isOpen = true;
      const frame = this.#framed(Y.encodeStateAsUpdate(doc));
      const missed = told === null ? null : this.#framed(this.#since(told));
      this.#report({ type: 'opened', tree, frame, vector, missed });
    } else if (updates.length > 0) {
      // A log that was read anew gives out what was told already, too.
      const isSince = !isContinued && told !== null;
      const frame = this.#framed(isSince ? this.#since(told) : Y.mergeUpdates([...updates]));
      this.#report({ type: 'grown', tree, frame, vector });
    }
  }

  #since(vector: Uint8Array): Uint8Array {
    return Y.encodeStateAsUpdate(this.#log.doc, vector);
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
