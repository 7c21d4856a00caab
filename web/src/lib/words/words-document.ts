// The words of one take as people write them together: text, undo, carets, and what is saved.
import * as Y from 'yjs';
import { MAX_WORDS_LENGTH } from '#domain/protocol/commands.ts';
import { wordsOf } from '#domain/story/document.ts';
import { userId, type StoryId, type TakeId } from '#domain/story/ids.ts';
import type { Self } from '../live/room-client.ts';
import type { RoomSocket } from '../live/room-socket.ts';
import type { WordsKeeper } from './words-keeper.ts';
import { remoteCarets, type RemoteCaret } from './carets.ts';
import { KeptRoom, type RoomState } from './kept-room.ts';
import { TextareaBinding, type BindingOptions, type TextField } from './textarea-binding.ts';
import { placeUnsaved } from './put-back.ts';
import { ServerCopy, type UnsavedWords } from './server-copy.ts';

/** What the editor shows beside the text. */
export interface WordsState extends RoomState {
  readonly carets: readonly RemoteCaret[];
}

/** What was unsaved when a document was ended, and where else it is. */
export interface Ended extends UnsavedWords {
  readonly keptHere: boolean;
}

export class WordsDocument {
  readonly text: Y.Text;
  readonly #room: KeptRoom;
  readonly #server: ServerCopy;

  constructor(settings: {
    readonly socket: RoomSocket;
    readonly storyId: StoryId;
    readonly takeId: TakeId;
    readonly self: Self;
    /** Keeps the words of whoever may write on their device; without it they live in the page. */
    readonly keeper?: WordsKeeper | undefined;
  }) {
    const { socket, storyId, takeId, self, keeper } = settings;
    this.#room = new KeptRoom({
      socket,
      room: { kind: 'words', takeId },
      self,
      keeper: keeper === undefined ? null : idOf(self),
      keep: (user, doc, onChange) =>
        keeper?.keep({ userId: user, storyId, takeId }, doc, onChange) ?? null,
      isTooLarge: (doc) => wordsOf(doc).length > MAX_WORDS_LENGTH,
      server: {
        received: (update) => this.#server.received(update),
        acknowledged: () => this.#server.acknowledged(),
      },
    });
    this.text = wordsOf(this.#room.doc);
    this.#server = new ServerCopy(this.#room.doc);
  }

  /** True once nobody may go on with this document: the words are to be opened anew. */
  get hasEnded(): boolean {
    return this.#room.hasEnded;
  }

  get state(): WordsState {
    return { ...this.#room.state, carets: remoteCarets(this.text, this.#room.presences) };
  }

  /** Calls `listener` whenever `state` may have changed; returns the unsubscriber. */
  subscribe(listener: () => void): () => void {
    return this.#room.subscribe(listener);
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
    this.#room.setSelf(self, idOf(self));
  }

  /**
   * Puts back what this page's person wrote in a document that ended; false if there is no telling
   * where it goes, or no need.
   */
  putBack(unsaved: UnsavedWords): boolean {
    const place = placeUnsaved(unsaved, this.text.toJSON(), MAX_WORDS_LENGTH);
    if (place === null) return false;
    this.#room.doc.transact(() => {
      for (const { start, end } of place.removals.toReversed())
        this.text.delete(start, end - start);
      this.text.insert(place.index, place.insert);
    });
    return true;
  }

  /**
   * Ends this document at once, sending nothing more of it, and returns what was unsaved: its
   * person is not who the socket is, or the server refuses it as it is.
   * @param forget true to let go of the device's copy too, which would be refused again
   */
  end({ forget }: { readonly forget: boolean }): Ended | null {
    const { keptHere } = this.state;
    const unsaved = this.#room.isOwnUnsaved ? this.#server.unsaved() : null;
    this.#room.end({ forget });
    this.#server.destroy();
    return unsaved && { ...unsaved, keptHere: keptHere && !forget };
  }

  destroy(): void {
    this.#room.destroy();
    this.#server.destroy();
  }
}

const idOf = (self: Self) => (self === null ? null : userId(self.id));
