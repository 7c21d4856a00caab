// Presence on its way into a document: stamped with the session's user, and news only.
import * as encoding from 'lib0/encoding';
import { applyAwarenessUpdate, type Awareness } from 'y-protocols/awareness';
import type { beforeHandleAwarenessPayload, Connection, Document } from '@hocuspocus/server';
import { parseRoom } from '#domain/protocol/room.ts';
import type { UserId } from '#domain/story/ids.ts';
import type { Voice } from '#domain/story/take.ts';
import type { ClientIds } from './client-ids.ts';
import { emptyPresenceFrame } from './frames.ts';
import { stampPresence, type PresenceStates } from './presence.ts';
import type { SocketContext } from './room-server.ts';
import { foreignOf } from './sync-guard.ts';

/**
 * Clients say every 15 s that they are still there, and forget who has not said so for 30 s. What
 * says nothing new waits this long for that of others, milliseconds, and leaves in one message:
 * with 500 idle people in a room, each gets one message in so long, and not 33 a second.
 */
const RENEW_MS = 8_000;

interface Publishing {
  readonly states: PresenceStates;
  readonly connection: Connection<SocketContext>;
  readonly document: Document;
  readonly context: SocketContext;
}

/** The presence that documents of this process are sent. */
export class PresenceGuard {
  readonly #ids: ClientIds;
  readonly #renewals = new Map<Document, Renewals>();

  constructor(ids: ClientIds) {
    this.#ids = ids;
  }

  /** Checks and rewrites an update of presence; what is left of it is applied and sent on. */
  async check(update: beforeHandleAwarenessPayload<SocketContext>): Promise<void> {
    const { states, connection, document, context } = update;
    const viewer = context?.socket.viewer ?? null;
    // Hocuspocus decodes into an `Awareness`, which begins with an entry of its own: nobody's.
    for (const id of states.keys()) {
      states.delete(id);
      break;
    }
    if (viewer === null || connection === undefined || context === undefined) {
      states.clear();
    } else {
      await this.#stamp({ states, connection, document, context }, viewer);
    }
    // Clients take a server that never answers their presence for dead, and reconnect.
    if (states.size === 0) connection?.send(emptyPresenceFrame(connection.messageAddress));
  }

  /** Forgets a document. */
  close(document: Document): void {
    this.#renewals.get(document)?.stop();
    this.#renewals.delete(document);
  }

  async #stamp(
    { states, connection, document, context }: Publishing,
    viewer: Voice,
  ): Promise<void> {
    const present = document.awareness.getStates();
    const owned: ReadonlySet<number> = document.getClients(connection);
    // Clients echo others' entries: only ids that could become this socket's are asked about.
    const asked = [...states.keys()].filter((id) => !present.has(id)).slice(0, 1 - owned.size);
    for (const id of states.keys()) {
      if (!present.has(id) && !asked.includes(id)) states.delete(id);
    }
    const foreign = await this.#foreign({ document, context }, asked, viewer.id);
    stampPresence({ states, present, owned, foreign, viewer });
    this.#holdBack(document, states, owned);
  }

  #foreign(
    at: { readonly document: Document; readonly context: SocketContext },
    clients: readonly number[],
    userId: UserId,
  ): Promise<readonly number[]> | readonly number[] {
    if (parseRoom(at.document.name)?.kind !== 'story') return foreignOf(at, clients, this.#ids);
    return this.#ids.foreignHere({ document: at.document, clients, userId });
  }

  #holdBack(document: Document, states: Map<number, object>, owned: ReadonlySet<number>): void {
    const present = document.awareness.getStates();
    for (const [id, state] of states) {
      if (!owned.has(id) || JSON.stringify(state) !== JSON.stringify(present.get(id))) continue;
      states.delete(id);
      let renewals = this.#renewals.get(document);
      if (renewals === undefined) {
        renewals = new Renewals(document.awareness);
        this.#renewals.set(document, renewals);
      }
      renewals.add(id);
    }
  }
}

/** Who has said that they are still there, and nothing else. */
class Renewals {
  readonly #awareness: Awareness;
  readonly #ids = new Set<number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(awareness: Awareness) {
    this.#awareness = awareness;
  }

  add(id: number): void {
    this.#ids.add(id);
    this.#timer ??= setTimeout(() => this.#send(), RENEW_MS).unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #send(): void {
    this.#timer = undefined;
    const { states, meta } = this.#awareness;
    const there = [...this.#ids].filter((id) => states.has(id));
    this.#ids.clear();
    if (there.length === 0) return;
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, there.length);
    for (const id of there) {
      encoding.writeVarUint(encoder, id);
      // The client's own clock is there already: it has said so since.
      encoding.writeVarUint(encoder, (meta.get(id)?.clock ?? 0) + 1);
      encoding.writeVarString(encoder, JSON.stringify(states.get(id)));
    }
    applyAwarenessUpdate(this.#awareness, encoding.toUint8Array(encoder), { source: 'local' });
  }
}
