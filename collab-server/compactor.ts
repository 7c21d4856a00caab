// Decides when the log of a document is compacted, and has it done in a thread.
import { Worker } from 'node:worker_threads';
import { isCompactionDue, LEAST_BYTES, weigh } from '#backend/postgres/compaction.ts';
import type { Database } from '#backend/postgres/database.ts';
import type { NewUpdate } from '#backend/postgres/documents.ts';
import type { Logger } from '#backend/log.ts';

/** The thread ends after so long without work, milliseconds. */
const IDLE_MS = 30_000;

export interface CompactorOptions {
  readonly db: Database;
  readonly databaseUrl: string;
  readonly log: Logger;
}

export class Compactor {
  readonly #options: CompactorOptions;
  /** What each document's log has gained since it was last looked at, bytes. */
  readonly #gained = new Map<string, number>();
  readonly #due = new Set<string>();
  #thread: Worker | null = null;
  #idle: NodeJS.Timeout | undefined;
  #isBusy = false;
  #isStopped = false;

  constructor(options: CompactorOptions) {
    this.#options = options;
  }

  /** Updates were committed. */
  logged(updates: readonly NewUpdate[]): void {
    for (const { document, update } of updates) this.grew(document, weigh([{ update }]));
  }

  /** The log of a document has gained so much, as `weigh` counts. */
  grew(document: string, weight: number): void {
    const gained = (this.#gained.get(document) ?? 0) + weight;
    this.#gained.set(document, gained);
    if (gained >= LEAST_BYTES) this.look(document);
  }

  /** A document was opened: earlier processes may have left it a long log. */
  look(document: string): void {
    this.#gained.delete(document);
    void this.#look(document);
  }

  /** The document has left memory. */
  forget(document: string): void {
    this.#gained.delete(document);
  }

  /** Ends the thread, whatever it does: a compaction that is cut off has changed nothing. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#idle);
    this.#due.clear();
    await this.#thread?.terminate();
  }

  async #look(document: string): Promise<void> {
    const { db, log } = this.#options;
    try {
      if (this.#isStopped || !(await isCompactionDue(db, document))) return;
      this.#due.add(document);
      this.#next();
    } catch (error) {
      log.debug({ err: error, document }, 'not looked at: the next updates will ask again');
    }
  }

  #next(): void {
    const [document] = this.#due;
    if (document === undefined || this.#isBusy || this.#isStopped) return;
    this.#due.delete(document);
    this.#isBusy = true;
    clearTimeout(this.#idle);
    this.#thread ??= this.#start();
    this.#thread.postMessage({ document }, []);
  }

  #start(): Worker {
    const { databaseUrl, log } = this.#options;
    const thread = new Worker(new URL('compaction-thread.ts', import.meta.url), {
      workerData: { databaseUrl, level: log.level },
    });
    thread.on('message', () => this.#done());
    // What it was at is looked at again when its log has grown further.
    thread.on('error', (error) => log.error({ err: error }, 'the compaction thread failed'));
    thread.once('exit', () => {
      if (this.#thread !== thread) return;
      this.#thread = null;
      this.#isBusy = false;
      this.#next();
    });
    thread.unref();
    return thread;
  }

  #rest(): void {
    void this.#thread?.terminate();
    this.#thread = null;
  }

  #done(): void {
    this.#isBusy = false;
    this.#idle = setTimeout(() => this.#rest(), IDLE_MS).unref();
    this.#next();
  }
}
