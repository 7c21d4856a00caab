// The trees of the stories that are open on this node: followed by a thread, served from here.
import { Worker } from 'node:worker_threads';
import * as v from 'valibot';
import type { Document } from '@hocuspocus/server';
import type { Logger } from '#backend/log.ts';
import type { StoryId } from '#domain/story/ids.ts';
import { ServedTree } from './served-tree.ts';
import { treeReportSchema, type TreeReport, type TreeRequest } from './tree-messages.ts';
import { Turns } from './turns.ts';

/** A thread that ended is started again after so long, doubled each time until a tree opens. */
const RESTART_MS = 50;
const LONGEST_RESTART_MS = 5_000;
/** What the thread gets to finish what it is writing, milliseconds. */
const FINISH_MS = 2_000;

export interface TreesOptions {
  readonly databaseUrl: string;
  readonly log: Logger;
  /** Told how much the log of a story's tree has gained, as `weigh` counts. */
  readonly onLogged?: (storyId: StoryId, weight: number) => void;
}

export class Trees {
  readonly #options: TreesOptions;
  readonly #served = new Map<number, ServedTree>();
  readonly #ofStory = new Map<StoryId, ServedTree>();
  readonly #opening = new Map<ServedTree, PromiseWithResolvers<void>>();
  readonly #turns = new Turns();
  #lastTree = 0;
  #thread: Worker | null = null;
  readonly #ready = Promise.withResolvers<void>();
  #restart: NodeJS.Timeout | undefined;
  #failures = 0;
  #isStopped = false;

  constructor(options: TreesOptions) {
    this.#options = options;
  }

  /**
   * Starts the thread; resolves when it has everything that it needs.
   * @throws if it cannot be started
   */
  start(): Promise<void> {
    this.#start();
    return this.#ready.promise;
  }

  /**
   * Serves the tree of a story to the connections of a document, until it is closed.
   * @throws if the story cannot be read now
   */
  async open(storyId: StoryId, document: Document): Promise<void> {
    this.#lastTree += 1;
    const tree = new ServedTree({
      tree: this.#lastTree,
      storyId,
      document,
      request: (request) => this.#request(request),
      later: (send) => this.#turns.take(send),
    });
    const opening = Promise.withResolvers<void>();
    this.#served.set(tree.tree, tree);
    this.#ofStory.set(storyId, tree);
    this.#opening.set(tree, opening);
    tree.follow();
    try {
      await opening.promise;
    } catch (error) {
      this.close(storyId, document);
      throw error;
    } finally {
      this.#opening.delete(tree);
    }
  }

  close(storyId: StoryId, document: Document): void {
    const tree = this.#ofStory.get(storyId);
    if (tree?.document !== document) return;
    this.#ofStory.delete(storyId);
    this.#served.delete(tree.tree);
    this.#request({ type: 'close', tree: tree.tree });
  }

  /** The tree that the readers of a story are served. */
  of(storyId: StoryId): ServedTree | null {
    return this.#ofStory.get(storyId) ?? null;
  }

  /** Something of a story was committed. */
  changed(storyId: StoryId): void {
    const tree = this.#ofStory.get(storyId);
    if (tree !== undefined) this.#request({ type: 'changed', tree: tree.tree });
  }

  /** Events may have been missed. */
  changedAll(): void {
    for (const tree of this.#served.keys()) this.#request({ type: 'changed', tree });
  }

  /** Stops following; resolves when nothing is being written any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#restart);
    for (const { reject } of this.#opening.values()) reject(new Error('the server stops'));
    this.#served.clear();
    this.#ofStory.clear();
    const thread = this.#thread;
    if (thread === null) return;
    const exited = new Promise((resolve) => thread.once('exit', resolve));
    this.#request({ type: 'stop' });
    // Cut off in the middle, a transaction has changed nothing.
    const timer = setTimeout(() => void thread.terminate(), FINISH_MS);
    await exited;
    clearTimeout(timer);
  }

  /** A thread that is not there is told of everything when it starts. */
  #request(request: TreeRequest): void {
    this.#thread?.postMessage(request, []);
  }

  #start(): void {
    const { databaseUrl, log } = this.#options;
    const thread = new Worker(new URL('tree-thread.ts', import.meta.url), {
      workerData: { databaseUrl, level: log.level },
    });
    thread.on('message', (message) => this.#heard(v.parse(treeReportSchema, message)));
    thread.on('error', (error) => {
      log.error({ err: error }, 'the thread of the trees failed');
      this.#ready.reject(error);
    });
    thread.once('exit', () => this.#ended());
    thread.unref();
    this.#thread = thread;
    for (const tree of this.#served.values()) tree.follow();
  }

  #ended(): void {
    this.#thread = null;
    if (this.#isStopped) return;
    const waitMs = Math.min(RESTART_MS * 2 ** this.#failures, LONGEST_RESTART_MS);
    this.#failures += 1;
    this.#options.log.warn({ waitMs }, 'the thread of the trees ended, and is started again');
    this.#restart = setTimeout(() => this.#start(), waitMs);
  }

  #heard(report: TreeReport): void {
    if (report.type === 'ready') return this.#ready.resolve();
    const tree = this.#served.get(report.tree);
    if (tree === undefined) return undefined;
    const opening = this.#opening.get(tree);
    if (report.type === 'logged') return this.#options.onLogged?.(tree.storyId, report.weight);
    if (report.type === 'failed') return opening?.reject(new Error(report.reason));
    if (report.type === 'opened') this.#failures = 0;
    tree.handle(report);
    return opening?.resolve();
  }
}
