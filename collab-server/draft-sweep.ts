// Deletes drafts whose story or author is gone, now and then.
import type { Logger } from '#backend/log.ts';
import type { Database } from '#backend/postgres/database.ts';
import { deleteOrphanedDrafts } from '#backend/story/orphaned-drafts.ts';

/** Nobody waits for it: what is swept cannot be opened any more. */
const EVERY_MS = 60 * 60 * 1_000;

export class DraftSweep {
  readonly #options: { readonly db: Database; readonly log: Logger };
  readonly #timer: NodeJS.Timeout;
  #running: Promise<void>;

  /** Sweeps at once, and from then on by itself until it is stopped. */
  constructor(options: { readonly db: Database; readonly log: Logger }) {
    this.#options = options;
    this.#running = this.#sweep();
    this.#timer = setInterval(() => (this.#running = this.#sweep()), EVERY_MS).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  async #sweep(): Promise<void> {
    const { db, log } = this.#options;
    try {
      const drafts = await deleteOrphanedDrafts(db);
      if (drafts > 0) log.info({ drafts }, 'drafts without a story or an author are deleted');
    } catch (error) {
      log.warn({ err: error }, 'drafts are not swept: the next time will');
    }
  }
}
