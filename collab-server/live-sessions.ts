// Sessions with open sockets here: when a session ends, so do its sockets.
import type { Sessions } from '#backend/accounts/sessions.ts';
import type { Logger } from '#backend/log.ts';
import type { RoomSocket } from './room-socket.ts';

/**
 * Sessions are looked at this often, milliseconds, whatever notices were heard: one that expired,
 * or whose notice was lost, ends its sockets within two seconds all the same.
 */
const LOOK_EVERY_MS = 1_000;

export interface LiveSessionsOptions {
  readonly sessions: Pick<Sessions, 'liveAmong'>;
  readonly log: Logger;
}

export class LiveSessions {
  readonly #options: LiveSessionsOptions;
  readonly #sockets = new Map<string, Set<RoomSocket>>();
  readonly #timer: NodeJS.Timeout;
  #isLooking = false;

  constructor(options: LiveSessionsOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.look(), LOOK_EVERY_MS).unref();
  }

  /** Watches over a socket that was opened with a session; returns what stops that. */
  add(sessionId: string, socket: RoomSocket): () => void {
    let sockets = this.#sockets.get(sessionId);
    if (sockets === undefined) {
      sockets = new Set();
      this.#sockets.set(sessionId, sockets);
    }
    const among = sockets;
    among.add(socket);
    return () => {
      among.delete(socket);
      if (among.size === 0 && this.#sockets.get(sessionId) === among) {
        this.#sockets.delete(sessionId);
      }
    };
  }

  /** These sessions have ended. */
  ended(sessionIds: readonly string[]): void {
    for (const id of sessionIds) {
      for (const socket of this.#sockets.get(id) ?? []) socket.signOut();
    }
  }

  /** Asks which sessions are live; while nobody can say, everybody stays. */
  async look(): Promise<void> {
    if (this.#isLooking || this.#sockets.size === 0) return;
    this.#isLooking = true;
    try {
      const ids = [...this.#sockets.keys()];
      const live = await this.#options.sessions.liveAmong(ids);
      this.ended(ids.filter((id) => !live.has(id)));
    } catch (error) {
      this.#options.log.debug({ err: error }, 'open sessions cannot be looked up');
    } finally {
      this.#isLooking = false;
    }
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
