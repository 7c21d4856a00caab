// Looks at every open socket once a second: at those that nothing would tell us about.
import type { RoomSocket } from './room-socket.ts';

const LOOK_EVERY_MS = 1_000;

export class SocketWatch {
  readonly #sockets = new Set<RoomSocket>();
  readonly #timer: NodeJS.Timeout;

  constructor() {
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS).unref();
  }

  /** Watches over a socket; returns what stops that. */
  add(socket: RoomSocket): () => void {
    this.#sockets.add(socket);
    return () => this.#sockets.delete(socket);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    for (const socket of this.#sockets) socket.look();
  }
}
