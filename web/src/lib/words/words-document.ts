// The words of one take as people write them together: text, undo, carets, and what is saved.
import * as Y from 'yjs';
import { MAX_WORDS_LENGTH } from '#domain/protocol/commands.ts';
import { wordsOf } from '#domain/story/document.ts';
import { userId, type StoryId, type TakeId } from '#domain/story/ids.ts';
import { RoomClient, type Self } from '../live/room-client.ts';
import type { RoomSocket } from '../live/room-socket.ts';
import type { Kept, WordsKeeper } from './words-keeper.ts';
import { remoteCarets, type RemoteCaret } from './carets.ts';
import { TextareaBinding, type BindingOptions, type TextField } from './textarea-binding.ts';
import { savedStatus, type SavedStatus } from './saved-status.ts';

/** What the editor shows beside the text. */
export interface WordsState {
  readonly status: SavedStatus;
  /** True if the server lets this session write here. */
  readonly writable: boolean;
  /** True if the server has not acknowledged every change. */
  readonly hasUnsaved: boolean;
  /** True if what is unsaved is on this device for certain, and outlives the page. */
  readonly keptHere: boolean;
  readonly carets: readonly RemoteCaret[];
}

/** What the socket tells when the line goes. */
const LINE_EVENTS = ['close', 'lost'] as const;

export class WordsDocument {
  readonly text: Y.Text;
  readonly #room: RoomClient;
  readonly #socket: RoomSocket;
  readonly #keeper: WordsKeeper | undefined;
  readonly #place: { readonly storyId: StoryId; readonly takeId: TakeId };
  #kept: Kept | null = null;
  readonly #listeners = new Set<() => void>();
  readonly #changed = () => {
    if (this.#isSaved()) this.#kept?.saved();
    for (const listener of this.#listeners) listener();
  };
  readonly #textChanged = () => {
    if (this.text.length <= MAX_WORDS_LENGTH) this.#room.retry();
    this.#changed();
  };
  readonly #updated = (update: Uint8Array, _: unknown, __: Y.Doc, { local }: Y.Transaction) => {
    if (local) this.#kept?.edited(update);
  };

  constructor(settings: {
    readonly socket: RoomSocket;
    readonly storyId: StoryId;
    readonly takeId: TakeId;
    readonly self: Self;
    /** Keeps the words of whoever may write on their device; without it they live in the page. */
    readonly keeper?: WordsKeeper | undefined;
  }) {
    const { storyId, takeId } = settings;
    this.#socket = settings.socket;
    this.#keeper = settings.keeper;
    this.#place = { storyId, takeId };
    this.#room = new RoomClient({
      socket: settings.socket,
      room: { kind: 'words', takeId: settings.takeId },
      self: settings.self,
      events: { onChange: this.#changed },
      isTooLarge: () => wordsOf(this.#room.doc).length > MAX_WORDS_LENGTH,
      ...(this.#keeper !== undefined &&
        settings.self !== null && { loadFirst: (doc) => this.#keep(doc, settings.self) }),
    });
    this.text = wordsOf(this.#room.doc);
    this.text.observe(this.#textChanged);
    this.#room.doc.on('update', this.#updated);
    for (const event of LINE_EVENTS) this.#socket.on(event, this.#changed);
  }

  get state(): WordsState {
    const kept = this.#kept;
    const known = this.#room.known || (kept?.known ?? false);
    // Before its first answer, a room counts only the handshake as unsaved.
    const hasUnsaved = (this.#room.known && this.#room.hasUnsaved) || (kept?.unsaved ?? false);
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
      keptHere: kept?.safe ?? false,
      carets: remoteCarets(this.text, this.#room.awareness.getStates()),
    };
  }

  /** Calls `listener` whenever `state` may have changed; returns the unsubscriber. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Keeps a field and these words the same, until the binding is destroyed. */
  bind(field: TextField, options: BindingOptions): TextareaBinding {
    return new TextareaBinding(this.text, field, options);
  }

  /** Shows the others where this person's selection is, in UTF-16 units; null to hide it. */
  setCaret(selection: { readonly anchor: number; readonly head: number } | null): void {
    const at = (index: number) =>
      Y.relativePositionToJSON(
        Y.createRelativePositionFromTypeIndex(this.text, index, -1),
      ) as unknown;
    this.#room.setPresence({
      caret: selection && { anchor: at(selection.anchor), head: at(selection.head) },
    });
  }

  setSelf(self: Self): void {
    this.#room.setSelf(self);
    if (this.#kept === null) void this.#keep(this.#room.doc, self);
  }

  destroy(): void {
    for (const event of LINE_EVENTS) this.#socket.off(event, this.#changed);
    this.text.unobserve(this.#textChanged);
    this.#listeners.clear();
    this.#kept?.close();
    this.#room.destroy();
  }

  #isSaved(): boolean {
    const { known, synced, hasUnsaved, forbidden } = this.#room;
    return this.#socket.isOpen && known && synced && !hasUnsaved && !forbidden;
  }

  async #keep(doc: Y.Doc, self: Self): Promise<void> {
    if (self === null || this.#keeper === undefined) return;
    const id = { ...this.#place, userId: userId(self.id) };
    this.#kept = this.#keeper.keep(id, doc, this.#changed);
    await this.#kept.loaded;
    this.#changed();
  }
}
