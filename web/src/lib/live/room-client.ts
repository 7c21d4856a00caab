// One document of the server, open over the page's socket; reopened if the server closes it.
import { HocuspocusProvider } from '@hocuspocus/provider';
import { Awareness } from 'y-protocols/awareness';
import * as Y from 'yjs';
import { CLOSE, roomName, type Presence, type PutOut, type Room } from '#domain/protocol/room.ts';
import type { RoomSocket } from './room-socket.ts';

/** Who is at this page, as others see them; null for somebody who only listens. */
export type Self = Presence['user'] | null;

/** Client ids whose entries differ from before. */
interface PresenceChanges {
  readonly added: readonly number[];
  readonly updated: readonly number[];
  readonly removed: readonly number[];
}

export interface RoomEvents {
  /** The room has answered with its whole state: at first, and after each reconnect. */
  onSynced?(): void;
  /** Presence, the count of unsaved changes or the right to write may have changed. */
  onChange?(): void;
  onStateless?(payload: string): void;
  /** The server closed the room because the story was deleted. */
  onGone?(): void;
}

export interface RoomSettings {
  readonly socket: RoomSocket;
  readonly room: Room;
  readonly self: Self;
  readonly events: RoomEvents;
  /** Ask for the room's state this often, ms: it keeps a quiet socket of a listener open. */
  readonly heartbeatMs?: number;
  /** True while the document holds more than the server takes. */
  readonly isTooLarge?: () => boolean;
  /** Fills the document with what the device keeps of it; the room is opened after that. */
  readonly loadFirst?: (doc: Y.Doc) => Promise<void>;
}

/** Others see every step of somebody's caret within this time of it, ms. */
const PRESENCE_MS = 50;

/** First and longest pause before a room that the server closed is opened again. */
const REOPEN = { firstMs: 1_000, longestMs: 30_000 };

/** A room that was denied so often in a row is. */
const CERTAIN = 2;

const isPutOut = (reason: string | undefined, why: PutOut): boolean => reason === why;

export class RoomClient {
  readonly doc = new Y.Doc();
  readonly awareness = new Awareness(this.doc);
  #self: Self;
  #fields: Partial<Presence> = {};
  #away = false;
  #known = false;
  #refused = false;
  #denials = 0;
  #acknowledgements = 0;
  #waiting = 0;
  #destroyed = false;
  #closes = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #presenceTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #socket: RoomSocket;
  readonly #events: RoomEvents;
  readonly #isTooLarge: () => boolean;
  readonly #provider: HocuspocusProvider;

  constructor({ socket, room, self, events, heartbeatMs, isTooLarge, loadFirst }: RoomSettings) {
    this.#socket = socket;
    this.#self = self;
    this.#events = events;
    this.#isTooLarge = isTooLarge ?? (() => false);
    this.#publish();
    this.#provider = new HocuspocusProvider({
      websocketProvider: socket,
      name: roomName(room),
      document: this.doc,
      awareness: this.awareness,
      // The cookie says who we are; this is who we write for. If they differ, the server refuses.
      token: () => this.#self?.id ?? '',
      forceSyncInterval: heartbeatMs ?? false,
      onSynced: () => {
        this.#known = true;
        this.#denials = 0;
        events.onSynced?.();
        this.#changed();
      },
      onClose: ({ event }) => this.#closed(event),
      onAuthenticated: () => this.#changed(),
      onAuthenticationFailed: () => {
        this.#denials += 1;
        this.#closed();
      },
      onUnsyncedChanges: ({ number }) => {
        if (number < this.#waiting) this.#acknowledgements += 1;
        this.#waiting = number;
        this.#changed();
      },
      onAwarenessChange: () => this.#changed(),
      onStateless: ({ payload }) => events.onStateless?.(payload),
    });
    this.awareness.off('update', this.#provider.boundAwarenessUpdateHandler);
    this.awareness.on('change', (changes: PresenceChanges) => this.#presenceChanged(changes));
    if (loadFirst === undefined) this.#provider.attach();
    else void loadFirst(this.doc).finally(() => this.#attach());
  }

  /** True while this document is the server's, as far as both know. */
  get synced(): boolean {
    return this.#provider.isSynced;
  }

  /** True once the room has answered, on whatever socket: the document is not merely empty. */
  get known(): boolean {
    return this.#known;
  }

  /** True if a change of this document was not yet acknowledged as committed. */
  get hasUnsaved(): boolean {
    return this.#provider.hasUnsyncedChanges;
  }

  /** Grows whenever the server acknowledges a change. */
  get acknowledgements(): number {
    return this.#acknowledgements;
  }

  /** True for the origin of what the server sends. */
  isFromServer(origin: unknown): boolean {
    return origin === this.#provider;
  }

  /**
   * True while the room is left alone because the server would refuse it again, and with it the
   * socket of every other room. `retry` once the document has been made smaller.
   */
  get refused(): boolean {
    return this.#refused;
  }

  /**
   * True if the server lets this session read at most, or has denied the room twice in a row: once
   * may be the parting word of a server that shuts down.
   */
  get forbidden(): boolean {
    const { isAuthenticated, authorizedScope } = this.#provider;
    return (isAuthenticated && authorizedScope === 'readonly') || this.#denials >= CERTAIN;
  }

  /** What the server said that this session may do; false until it has answered. */
  get writable(): boolean {
    return this.#provider.authorizedScope === 'read-write';
  }

  /** Becomes somebody else, as after a guest session was made; the socket must be reopened too. */
  setSelf(self: Self): void {
    if (this.#self !== null && this.#self.id !== self?.id) this.#renewClientId();
    this.#self = self;
    this.#publish();
  }

  /** Adds to what others see of this page. */
  setPresence(fields: Partial<Omit<Presence, 'user'>>): void {
    this.#fields = { ...this.#fields, ...fields };
    this.#publish();
  }

  /** Hides this page from others, or shows it again. */
  setAway(away: boolean): void {
    if (this.#away === away) return;
    this.#away = away;
    this.#publish();
  }

  /** Opens a refused room again. */
  retry(): void {
    if (!this.#refused) return;
    this.#refused = false;
    this.#provider.attach();
    this.#changed();
  }

  destroy(): void {
    this.#destroyed = true;
    clearTimeout(this.#timer);
    this.#provider.destroy();
    clearTimeout(this.#presenceTimer);
    this.doc.destroy();
  }

  #attach(): void {
    if (this.#destroyed) return;
    this.#provider.attach();
    this.#changed();
  }

  #publish(): void {
    const hidden = this.#self === null || this.#away;
    this.awareness.setLocalState(hidden ? null : { user: this.#self, ...this.#fields });
  }

  /**
   * Sends what is new of ourselves, and nothing else. The provider would send on whatever it is
   * told of the others, and every 15 s that we are still there: the server knows by the socket.
   */
  #presenceChanged({ added, updated, removed }: PresenceChanges): void {
    const own = this.awareness.clientID;
    if (removed.includes(own)) this.#sendPresence();
    else if (added.includes(own) || updated.includes(own)) {
      this.#presenceTimer ??= setTimeout(() => this.#sendPresence(), PRESENCE_MS);
    }
  }

  #sendPresence(): void {
    clearTimeout(this.#presenceTimer);
    this.#presenceTimer = undefined;
    const own = [this.awareness.clientID];
    this.#provider.awarenessUpdateHandler({ added: own, updated: [], removed: [] }, null);
  }

  /** The server binds a Yjs client id to the first person who uses it: another needs another. */
  #renewClientId(): void {
    this.awareness.setLocalState(null);
    this.doc.clientID = new Y.Doc().clientID;
    this.awareness.clientID = this.doc.clientID;
  }

  #changed(): void {
    if (this.synced && !this.hasUnsaved) this.#closes = 0;
    this.#events.onChange?.();
  }

  /**
   * A socket reconnects by itself; a room that the server closed on an open socket does not. The
   * parting words of a server that shuts down look the same as a refusal, so we always try again.
   */
  #closed({ code, reason }: { readonly code?: number; readonly reason?: string } = {}): void {
    if (this.#destroyed) return;
    if (code === CLOSE.notYours) {
      this.#renewClientId();
      this.#publish();
    }
    if (isPutOut(reason, 'gone')) this.#events.onGone?.();
    if (isPutOut(reason, 'forbidden')) this.#denials = CERTAIN;
    if (code === CLOSE.tooLarge && this.#isTooLarge()) {
      this.#refused = true;
      this.#provider.detach();
    } else if (this.#socket.isOpen && this.#timer === undefined) {
      this.#timer = setTimeout(() => this.#reopen(), this.#pauseMs(reason));
    }
    this.#changed();
  }

  /** Longer each time, unless the server asks us in. */
  #pauseMs(reason: string | undefined): number {
    if (isPutOut(reason, 'reopen')) return 0;
    this.#closes += 1;
    return Math.min(REOPEN.firstMs * 2 ** (this.#closes - 1), REOPEN.longestMs);
  }

  /** Not by detaching: its parting message would close the room that we are about to open. */
  #reopen(): void {
    this.#timer = undefined;
    if (!this.#socket.isOpen) return;
    void this.#provider.onOpen(new Event('open'));
  }
}
