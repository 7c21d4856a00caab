// The frames of presence of one socket, taken before Hocuspocus has them: for each document that
// the client was let into, and kept until it is.
import type { Connection } from '@hocuspocus/server';
import { addressOf, FRAME, typeOf } from './frames.ts';
import type { Presence, PresenceSpeaker } from './presence.ts';
import type { SocketContext } from './room-server.ts';
import type { FrameTaker } from './room-socket.ts';

/** Documents whose presence may wait for the client to be let in, and bytes of each. */
const MOST_WAITING = 20;
const WAITING_BYTES = 4_096;

export class PresenceSocket implements FrameTaker {
  readonly #presence: Presence;
  readonly #speakers = new Map<string, PresenceSpeaker>();
  /** The newest frame of each address at which the client was not let in yet. */
  readonly #waiting = new Map<string, Uint8Array>();

  constructor(presence: Presence) {
    this.#presence = presence;
  }

  /** True if the frame is of presence: nobody else need handle it. @throws {MalformedFrame} */
  takes(frame: Uint8Array): boolean {
    const type = typeOf(frame);
    if (type !== FRAME.presence && type !== FRAME.queryPresence) return false;
    const address = addressOf(frame);
    const speaker = this.#speakers.get(address);
    if (type === FRAME.queryPresence) speaker?.ask();
    else if (speaker === undefined) this.#wait(address, frame);
    else speaker.say(frame);
    return true;
  }

  /** The client was let into a document. */
  enter(entered: Connection<SocketContext>): void {
    const { messageAddress: address } = entered;
    const speaker = this.#presence.enter(entered);
    this.#speakers.set(address, speaker);
    const waiting = this.#waiting.get(address);
    this.#waiting.delete(address);
    if (waiting !== undefined) speaker.say(waiting);
  }

  leave(address: string): void {
    this.#speakers.delete(address);
    this.#waiting.delete(address);
  }

  #wait(address: string, frame: Uint8Array): void {
    if (frame.byteLength > WAITING_BYTES) return;
    this.#waiting.delete(address);
    this.#waiting.set(address, frame);
    if (this.#waiting.size <= MOST_WAITING) return;
    for (const oldest of this.#waiting.keys()) {
      this.#waiting.delete(oldest);
      return;
    }
  }
}
