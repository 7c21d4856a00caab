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

/** Without an acknowledgement for this long, the server does not store what it gets, ms. */
const LATE_MS = 3_000;

/** Told of what the server has; see `server-copy.ts`. */
export interface ServerListener {
  /** This update came from the server. */
  received(update: Uint8Array): void;
  /** The server has all that the document holds. */
  acknowledged(): void;
}

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
  readonly #server: ServerListener | undefined;
  readonly #partsOf: (transaction: Y.Transaction) => readonly string[];
  /** The parts of the document that this person changed since all was last acknowledged. */
  readonly #unsavedParts = new Set<string>();
  #kept: Kept | null = null;
  #hasEnded = false;
  /** This page's person has changed something since all was last acknowledged. */
  #isEdited = false;
  #late: ReturnType<typeof setTimeout> | undefined;
  #isLate = false;
  #acknowledgements = 0;
  readonly #listeners = new Set<() => void>();
  readonly #changed = () => {
    if (this.#hasEnded) return;
    if (this.#isSaved()) {
      this.#isEdited = false;
      this.#unsavedParts.clear();
      this.#server?.acknowledged();
      this.#kept?.saved();
    }
    this.#watchDelay();
    this.#tell();
  };
  readonly #updated = (update: Uint8Array, origin: unknown, _: Y.Doc, by: Y.Transaction) => {
    if (by.local) {
      const parts = this.#partsOf(by);
      this.#isEdited = true;
      for (const part of parts) this.#unsavedParts.add(part);
      this.#kept?.edited(update, parts);
    }
    if (this.#room.isFromServer(origin)) this.#server?.received(update);
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
    readonly server?: ServerListener;
    /** What a change is in, of a document of several things: what is unsaved is known by those. */
    readonly partsOf?: (transaction: Y.Transaction) => readonly string[];
  }) {
    const { socket, room, self, keeper } = settings;
    this.#server = settings.server;
    this.#partsOf = settings.partsOf ?? (() => []);
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

  /** True once nobody may go on with this document. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** True if what is unsaved is this person's, and not the handshake of a room alone. */
  get isOwnUnsaved(): boolean {
    return this.#isEdited || (this.#kept?.unsaved ?? false);
  }

  /** The parts of the document in which something of this person's is unsaved. */
  get unsavedParts(): ReadonlySet<string> {
    return this.#unsavedParts;
  }

  get state(): RoomState {
    const isKept = this.#kept?.known ?? false;
    const { hasUnsaved } = this;
    const { known, synced, refused, forbidden, writable } = this.#room;
    return {
      status: savedStatus({
        open: this.#socket.isOpen,
        known: known || isKept,
        synced,
        unsaved: hasUnsaved,
        late: this.#isLate,
        refused,
        forbidden: forbidden && this.isOwnUnsaved,
      }),
      // Before the server has answered, whoever wrote here may go on: it has the last word later.
      writable: writable || (!forbidden && (known || isKept)),
      hasUnsaved,
      keptHere: this.#kept?.safe ?? false,
    };
  }

  /** True if the server has not acknowledged every change. */
  get hasUnsaved(): boolean {
    // Before its first answer, a room counts only the handshake as unsaved.
    return (this.#room.known && this.#room.hasUnsaved) || (this.#kept?.unsaved ?? false);
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

  /**
   * Ends this document at once and sends nothing more of it; tells whoever has subscribed.
   * @param forget true to let go of the device's copy too
   */
  end({ forget }: { readonly forget: boolean }): void {
    if (forget) this.#kept?.forget();
    const listeners = [...this.#listeners];
    this.destroy();
    for (const listener of listeners) listener();
  }

  destroy(): void {
    this.#hasEnded = true;
    clearTimeout(this.#late);
    for (const event of LINE_EVENTS) this.#socket.off(event, this.#changed);
    this.doc.off('update', this.#updated);
    this.#listeners.clear();
    this.#kept?.close();
    this.#room.destroy();
  }

  /** Notices when the server takes changes and does not acknowledge any. */
  #watchDelay(): void {
    const { acknowledgements } = this.#room;
    const waits = this.#socket.isOpen && this.#room.known && this.#room.hasUnsaved;
    if (waits && acknowledgements === this.#acknowledgements && this.#late !== undefined) return;
    this.#acknowledgements = acknowledgements;
    clearTimeout(this.#late);
    this.#late = undefined;
    this.#isLate = false;
    if (!waits) return;
    this.#late = setTimeout(() => {
      this.#isLate = true;
      this.#tell();
    }, LATE_MS);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  #isSaved(): boolean {
    const { known, synced, hasUnsaved, forbidden } = this.#room;
    return this.#socket.isOpen && known && synced && !hasUnsaved && !forbidden;
  }

  async #load(doc: Y.Doc, keeper: UserId): Promise<void> {
    this.#kept = this.#keep(keeper, doc, this.#changed);
    await this.#kept?.loaded;
    for (const part of this.#kept?.unsavedParts ?? []) this.#unsavedParts.add(part);
    this.#loaded.resolve();
    this.#changed();
  }
}
