// A document that people write: open over the page's socket, kept on this device, and what may
// truthfully be said about it.
import type * as Y from 'yjs';
import type { Presence, Room } from '#domain/protocol/room.ts';
import type { UserId } from '#domain/story/ids.ts';
import { RoomClient, type Self } from '../live/room-client.ts';
import type { RoomSocket } from '../live/room-socket.ts';
import { savedStatus, type SavedStatus } from './saved-status.ts';
import type { Kept } from './words-keeper.ts';

export interface RoomState {
  readonly status: SavedStatus;
  /** True if the server lets this session write here. */
  readonly writable: boolean;
  /** True if the server has not acknowledged every change. */
  readonly hasUnsaved: boolean;
  /** True if what is unsaved is on this device for certain, and outlives the page. */
  readonly keptHere: boolean;
}

/** Puts the device's copy into a document and keeps it from then on; null where nothing is kept. */
export type Keep = (userId: UserId, doc: Y.Doc, onChange: () => void) => Kept | null;

/** What the socket tells when the line goes. */
const LINE_EVENTS = ['close', 'lost'] as const;

export class KeptRoom {
  readonly doc: Y.Doc;
  /** Resolves when the device's copy is in the document, or there turned out to be none. */
  readonly loaded: Promise<void>;
  readonly #loaded = Promise.withResolvers<void>();
  readonly #room: RoomClient;
  readonly #socket: RoomSocket;
  readonly #keep: Keep;
  #kept: Kept | null = null;
  readonly #listeners = new Set<() => void>();
  readonly #changed = () => {
    if (this.#isSaved()) this.#kept?.saved();
    for (const listener of this.#listeners) listener();
  };
  readonly #updated = (update: Uint8Array, _: unknown, __: Y.Doc, { local }: Y.Transaction) => {
    if (local) this.#kept?.edited(update);
    if (!this.#isTooLarge(this.doc)) this.#room.retry();
    this.#changed();
  };
  readonly #isTooLarge: (doc: Y.Doc) => boolean;

  constructor(settings: {
    readonly socket: RoomSocket;
    readonly room: Room;
    /** As whom this page is present in the room; null for not at all. */
    readonly self: Self;
    /** Whose copy is kept on this device; null for nobody's. */
    readonly keeper: UserId | null;
    readonly keep: Keep;
    /** True while the document holds more than the server takes. */
    readonly isTooLarge: (doc: Y.Doc) => boolean;
  }) {
    const { socket, room, self, keeper } = settings;
    this.#socket = socket;
    this.#keep = settings.keep;
    this.#isTooLarge = settings.isTooLarge;
    this.#room = new RoomClient({
      socket,
      room,
      self,
      events: { onChange: this.#changed },
      isTooLarge: () => this.#isTooLarge(this.doc),
      ...(keeper !== null && { loadFirst: (doc) => this.#load(doc, keeper) }),
    });
    if (keeper === null) this.#loaded.resolve();
    this.loaded = this.#loaded.promise;
    this.doc = this.#room.doc;
    this.doc.on('update', this.#updated);
    for (const event of LINE_EVENTS) this.#socket.on(event, this.#changed);
  }

  get state(): RoomState {
    const known = this.#room.known || (this.#kept?.known ?? false);
    // Before its first answer, a room counts only the handshake as unsaved.
    const hasUnsaved =
      (this.#room.known && this.#room.hasUnsaved) || (this.#kept?.unsaved ?? false);
    return {
      status: savedStatus({
        open: this.#socket.isOpen,
        known,
        synced: this.#room.synced,
        unsaved: hasUnsaved,
        refused: this.#room.refused,
        forbidden: this.#room.forbidden,
      }),
      // Before the server has answered, whoever wrote here may go on: it has the last word later.
      writable: this.#room.writable || (!this.#room.forbidden && known),
      hasUnsaved,
      keptHere: this.#kept?.safe ?? false,
    };
  }

  get presences(): ReadonlyMap<number, unknown> {
    return this.#room.awareness.getStates();
  }

  setPresence(fields: Partial<Omit<Presence, 'user'>>): void {
    this.#room.setPresence(fields);
  }

  /** Becomes somebody, who had no copy on this device if they were nobody before. */
  setSelf(self: Self, keeper: UserId | null): void {
    this.#room.setSelf(self);
    if (this.#kept === null && keeper !== null) void this.#load(this.doc, keeper);
  }

  /** Calls `listener` whenever `state` or the document may have changed; returns the unsubscriber. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  destroy(): void {
    for (const event of LINE_EVENTS) this.#socket.off(event, this.#changed);
    this.doc.off('update', this.#updated);
    this.#listeners.clear();
    this.#kept?.close();
    this.#room.destroy();
  }

  #isSaved(): boolean {
    const { known, synced, hasUnsaved, forbidden } = this.#room;
    return this.#socket.isOpen && known && synced && !hasUnsaved && !forbidden;
  }

  async #load(doc: Y.Doc, keeper: UserId): Promise<void> {
    this.#kept = this.#keep(keeper, doc, this.#changed);
    await this.#kept?.loaded;
    this.#loaded.resolve();
    this.#changed();
  }
}
