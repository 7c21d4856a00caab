// The words of one take as people write them together: text, undo, carets, and what is saved.
import * as Y from 'yjs';
import { MAX_WORDS_LENGTH } from '#domain/protocol/commands.ts';
import { wordsOf } from '#domain/story/document.ts';
import type { TakeId } from '#domain/story/ids.ts';
import { RoomClient, type Self } from '../live/room-client.ts';
import type { RoomSocket } from '../live/room-socket.ts';
import { remoteCarets, type RemoteCaret } from './carets.ts';
import { TextareaBinding, type BindingOptions, type TextField } from './textarea-binding.ts';
import { savedStatus, type SavedStatus } from './saved-status.ts';

/** What the editor shows beside the text. */
export interface WordsState {
  readonly status: SavedStatus;
  /** True if the server lets this session write here. */
  readonly writable: boolean;
  /** True if closing the page now would lose a change. */
  readonly hasUnsaved: boolean;
  readonly carets: readonly RemoteCaret[];
}

export class WordsDocument {
  readonly text: Y.Text;
  readonly #room: RoomClient;
  readonly #socket: RoomSocket;
  readonly #listeners = new Set<() => void>();
  readonly #changed = () => {
    for (const listener of this.#listeners) listener();
  };
  readonly #textChanged = () => {
    if (this.text.length <= MAX_WORDS_LENGTH) this.#room.retry();
    this.#changed();
  };

  constructor(settings: {
    readonly socket: RoomSocket;
    readonly takeId: TakeId;
    readonly self: Self;
  }) {
    this.#socket = settings.socket;
    this.#room = new RoomClient({
      socket: settings.socket,
      room: { kind: 'words', takeId: settings.takeId },
      self: settings.self,
      events: { onChange: this.#changed },
      isTooLarge: () => wordsOf(this.#room.doc).length > MAX_WORDS_LENGTH,
    });
    this.text = wordsOf(this.#room.doc);
    this.text.observe(this.#textChanged);
    this.#socket.on('close', this.#changed);
  }

  get state(): WordsState {
    return {
      status: savedStatus({
        open: this.#socket.isOpen,
        known: this.#room.known,
        synced: this.#room.synced,
        unsaved: this.#room.hasUnsaved,
        refused: this.#room.refused,
      }),
      writable: this.#room.writable,
      // Before its first answer, a room counts only the handshake as unsaved.
      hasUnsaved: this.#room.known && this.#room.hasUnsaved,
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
  }

  destroy(): void {
    this.#socket.off('close', this.#changed);
    this.text.unobserve(this.#textChanged);
    this.#listeners.clear();
    this.#room.destroy();
  }
}
