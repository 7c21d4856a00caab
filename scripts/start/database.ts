// A Postgres of our own, kept running until we stop it.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '#backend/log.ts';
import {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from '#backend/postgres/embedded/embedded-postgres.ts';

const RESTART_MS = 500;

/** An embedded Postgres that comes back on the same port when it dies. */
export class WatchedPostgres {
  readonly url: string;
  readonly #home: string;
  readonly #log: Logger;
  readonly #watch: Promise<void>;
  #server: EmbeddedPostgres;
  #stopping = false;

  private constructor(server: EmbeddedPostgres, home: string, log: Logger) {
    this.#server = server;
    this.url = server.url;
    this.#home = home;
    this.#log = log;
    this.#watch = this.#keepAlive();
  }

  /** @param home folder for everything that this Postgres keeps, absolute */
  static async start(home: string, log: Logger): Promise<WatchedPostgres> {
    return new WatchedPostgres(await startEmbeddedPostgres({ home, log }), home, log);
  }

  /** Ends it in at most about `withinMs`. */
  async stop(withinMs: number): Promise<void> {
    this.#stopping = true;
    await this.#server.stop(withinMs);
    await this.#watch;
  }

  async #keepAlive(): Promise<void> {
    for (;;) {
      await this.#server.ended;
      if (this.#stopping) return;
      this.#log.error('Postgres died, starting it again');
      await this.#restart();
      // Told to stop while it was coming back.
      if (this.#stopping) return this.#server.stop();
    }
  }

  async #restart(): Promise<void> {
    const port = Number(new URL(this.url).port);
    while (!this.#stopping) {
      try {
        this.#server = await startEmbeddedPostgres({ home: this.#home, log: this.#log, port });
        return;
      } catch (error) {
        // Sessions of the dead server may hold on to its shared memory for a moment.
        this.#log.warn({ err: error }, 'Postgres is not back yet');
        await sleep(RESTART_MS);
      }
    }
  }
}
