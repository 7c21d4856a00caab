// The writer of the update log: what people write becomes durable here, in group commits.
import { setTimeout as sleepFor } from 'node:timers/promises';
import type { NewUpdate } from '#backend/postgres/documents.ts';
import type { Logger } from '#backend/log.ts';
import type { UserId } from '#domain/story/ids.ts';

/** Largest group, in updates and in bytes. */
const GROUP_UPDATES = 2_000;
const GROUP_BYTES = 4 * 1024 * 1024;
/** What may wait in memory while Postgres is away, bytes; beyond it nobody may write. */
const FULL_BYTES = 64 * 1024 * 1024;
/**
 * How long the first update of a group waits for others, milliseconds. The broadcast leaves in the
 * meantime, and Postgres does not compete with those who receive it.
 */
const GATHER_MS = 2;
const RETRY_MS = [50, 100, 250, 500, 1_000, 2_000] as const;

interface Entry extends NewUpdate {
  readonly onCommitted: (() => void)[];
}

export interface UpdateLogOptions {
  /** Commits a group; whatever it throws is tried again, so it must bear the same group twice. */
  readonly append: (updates: readonly NewUpdate[]) => Promise<unknown>;
  readonly log: Logger;
  readonly sleep?: (ms: number) => Promise<unknown>;
  /** Told, after each commit, which documents have nothing left to commit. */
  readonly onSettled?: (documents: ReadonlySet<string>) => void;
}

/**
 * One loop takes all that waits, commits it in one statement, then runs what waited for it. A
 * group that cannot be committed is tried again for as long as the process lives.
 */
export class UpdateLog {
  readonly #options: UpdateLogOptions;
  readonly #waiting: Entry[] = [];
  /** The newest entry of each document that is not committed yet. */
  readonly #newest = new Map<string, Entry>();
  /** What is being committed at this moment. */
  #group: readonly Entry[] = [];
  #waitingBytes = 0;
  #running: Promise<void> | null = null;

  constructor(options: UpdateLogOptions) {
    this.#options = options;
  }

  /** True while so much waits for Postgres that writers must be turned away. */
  get isFull(): boolean {
    return this.#waitingBytes > FULL_BYTES;
  }

  /** True while an update of the document is not committed. */
  isPending(document: string): boolean {
    return this.#newest.has(document);
  }

  /** Queues an update of somebody; synchronous, so whatever is asked afterwards sees it. */
  append(document: string, update: Uint8Array, userId: UserId | null = null): void {
    const entry: Entry = { document, update, userId, onCommitted: [] };
    this.#waiting.push(entry);
    this.#waitingBytes += update.byteLength;
    this.#newest.set(document, entry);
    this.#running ??= this.#run();
  }

  /** Runs `then` once every update of the document seen so far is committed: maybe at once. */
  afterCommit(document: string, then: () => void): void {
    const newest = this.#newest.get(document);
    if (newest === undefined) then();
    else newest.onCommitted.push(then);
  }

  /** Every update that is not known to be committed, oldest first. */
  uncommitted(): readonly NewUpdate[] {
    return [...this.#group, ...this.#waiting];
  }

  /** Resolves when nothing waits any more. */
  async drain(): Promise<void> {
    while (this.#running !== null) await this.#running;
  }

  async #run(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, GATHER_MS));
    while (this.#waiting.length > 0) {
      const group = this.#takeGroup();
      this.#group = group;
      await this.#commit(group);
      this.#group = [];
      this.#release(group);
    }
    this.#running = null;
  }

  #takeGroup(): Entry[] {
    let bytes = 0;
    const tooMuch = this.#waiting.findIndex(({ update }, index) => {
      bytes += update.byteLength;
      return index > 0 && (bytes > GROUP_BYTES || index >= GROUP_UPDATES);
    });
    return this.#waiting.splice(0, tooMuch === -1 ? this.#waiting.length : tooMuch);
  }

  async #commit(group: readonly Entry[]): Promise<void> {
    const { append, log, sleep = sleepFor } = this.#options;
    for (let failures = 0; ; failures += 1) {
      try {
        await append(group);
        if (failures > 0) log.info({ failures }, 'the update log is written again');
        return;
      } catch (error) {
        const waitMs = RETRY_MS[Math.min(failures, RETRY_MS.length - 1)] ?? 2_000;
        const say = failures < 3 ? 'warn' : 'error';
        log[say]({ err: error, failures, waitMs, updates: group.length }, 'updates not committed');
        await sleep(waitMs);
      }
    }
  }

  #release(group: readonly Entry[]): void {
    const settled = new Set<string>();
    for (const entry of group) {
      this.#waitingBytes -= entry.update.byteLength;
      if (this.#newest.get(entry.document) === entry) {
        this.#newest.delete(entry.document);
        settled.add(entry.document);
      }
    }
    for (const { onCommitted } of group) for (const then of onCommitted) this.#call(then);
    this.#call(() => this.#options.onSettled?.(settled));
  }

  #call(then: () => void): void {
    try {
      then();
    } catch (error) {
      this.#options.log.error({ err: error }, 'a listener of the update log failed');
    }
  }
}
