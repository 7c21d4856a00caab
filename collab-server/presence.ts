// Presence is the session's: one entry for each socket, under a client id that is nobody else's,
// with the user that the server knows. Hocuspocus has no part in it.
import type { Connection } from '@hocuspocus/server';
import { parseRoom } from '#domain/protocol/room.ts';
import type { Voice } from '#domain/story/take.ts';
import type { ClientIds } from './client-ids.ts';
import type { PresenceMessage } from './node-messages.ts';
import { isWithdrawn, stampedEntry } from './presence-entry.ts';
import { readPresence, type SaidPresence } from './presence-frames.ts';
import { PresenceRoom, type OwnPresence } from './presence-room.ts';
import type { SocketContext } from './room-server.ts';
import { foreignOf } from './sync-guard.ts';

const TICK_MS = 1_000;

export interface PresenceOptions {
  readonly ids: ClientIds;
  /** Tells the other nodes who has a document open here. */
  readonly tell?: (document: string, own: OwnPresence) => void;
  readonly now?: () => number;
}

/** Who is in the documents of this process. */
export class Presence {
  readonly #options: PresenceOptions;
  readonly #rooms = new Map<string, PresenceRoom>();
  readonly #timer: NodeJS.Timeout;

  constructor(options: PresenceOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#tick(), TICK_MS).unref();
  }

  /** What a client says is taken from here on; what it said before it was let in, too. */
  enter(entered: Connection<SocketContext>): PresenceSpeaker {
    const room = this.#roomOf(entered.document.name);
    room.join(entered);
    entered.onClose(() => room.leave(entered));
    return new PresenceSpeaker(entered, room, (client) => this.#claim(entered, client));
  }

  /** Forgets a document. */
  close(name: string): void {
    this.#rooms.get(name)?.stop();
    this.#rooms.delete(name);
  }

  /** Another node has said who has a document open there. */
  heard(name: string, message: PresenceMessage): void {
    this.#rooms.get(name)?.heard(message);
  }

  /** The other nodes that have a document open can hear us, and we them. */
  connected(name: string): void {
    this.#roomOf(name).ask();
  }

  /** Says that those who were here are gone. */
  stop(): void {
    clearInterval(this.#timer);
    for (const room of this.#rooms.values()) {
      room.flush();
      room.stop();
    }
  }

  #roomOf(name: string): PresenceRoom {
    const { tell, now = Date.now } = this.#options;
    let room = this.#rooms.get(name);
    if (room === undefined) {
      room = new PresenceRoom({ now, tell: (own) => tell?.(name, own) });
      this.#rooms.set(name, room);
    }
    return room;
  }

  #tick(): void {
    for (const room of this.#rooms.values()) room.tick();
  }

  /** Whether a client id is this connection's, which it becomes if it is nobody's yet. */
  async #claim({ document, context }: Connection<SocketContext>, client: number): Promise<boolean> {
    const { viewer } = context.socket;
    if (viewer === null) return false;
    const { ids } = this.#options;
    const isWritten = parseRoom(document.name)?.kind !== 'story';
    const foreign = isWritten
      ? await foreignOf({ document, context }, [client], ids)
      : ids.foreignHere({ document, clients: [client], userId: viewer.id });
    return foreign.length === 0;
  }
}

/** What one connection says of itself, and what is taken of that. */
export class PresenceSpeaker {
  readonly #connection: Connection<SocketContext>;
  readonly #room: PresenceRoom;
  readonly #claim: (client: number) => Promise<boolean>;
  /** The newest that was said while a claim was looked at. */
  #next: readonly SaidPresence[] | null = null;
  #isClaiming = false;
  #hasSpoken = false;

  constructor(
    connection: Connection<SocketContext>,
    room: PresenceRoom,
    claim: (client: number) => Promise<boolean>,
  ) {
    this.#connection = connection;
    this.#room = room;
    this.#claim = claim;
  }

  /** Takes a frame of presence. @throws {MalformedFrame} */
  say(frame: Uint8Array): void {
    const said = readPresence(frame);
    const { viewer } = this.#connection.context.socket;
    if (viewer === null || !this.#room.has(this.#connection)) return;
    if (this.#isClaiming) this.#next = said;
    else this.#take(said, viewer);
  }

  /** The client asks who is here. */
  ask(): void {
    if (this.#room.has(this.#connection)) this.#room.answer(this.#connection);
  }

  #take(said: readonly SaidPresence[], viewer: Voice): void {
    const own = this.#ownOf(said, viewer);
    this.#hasSpoken = true;
    if (own === undefined) return;
    if (isWithdrawn(own.json)) this.#room.withdraw(this.#connection);
    else if (this.#room.clientOf(this.#connection) === own.client) this.#show(own, viewer);
    else void this.#become(own, viewer);
  }

  /**
   * Which of what was said is of the connection itself: clients echo the entries of others. Once
   * it is somebody it stays that, until it withdraws. The first that a client says is of itself,
   * so that somebody who comes back need not wait until their old socket is found dead.
   */
  #ownOf(said: readonly SaidPresence[], viewer: Voice): SaidPresence | undefined {
    const client = this.#room.clientOf(this.#connection);
    if (client !== null) return said.find((each) => each.client === client);
    const comesBack = !this.#hasSpoken && said.length === 1;
    return said.find((each) => {
      if (isWithdrawn(each.json)) return false;
      const user = this.#room.userOf(each.client);
      if (user === null) return true;
      return user === viewer.id && (comesBack || !this.#room.holds(each.client));
    });
  }

  async #become(own: SaidPresence, viewer: Voice): Promise<void> {
    this.#isClaiming = true;
    const { socket } = this.#connection.context;
    try {
      const isOurs = await this.#claim(own.client);
      if (isOurs && this.#room.has(this.#connection)) this.#show(own, viewer);
    } catch (error) {
      if (socket.isOpen) socket.refuse(error, 'presence');
    } finally {
      this.#isClaiming = false;
    }
    const next = this.#next;
    this.#next = null;
    if (next !== null && this.#room.has(this.#connection)) this.#take(next, viewer);
  }

  #show({ client, json }: SaidPresence, viewer: Voice): void {
    const entry = stampedEntry(json, viewer);
    if (entry !== null) this.#room.show(this.#connection, client, entry);
  }
}
