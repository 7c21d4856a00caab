// A draft in the making: one text of the person's draft document, bound to the field of a composer.
import type * as Y from 'yjs';
import { MAX_WORDS_LENGTH } from '#domain/protocol/commands.ts';
import type { TakeId } from '#domain/story/ids.ts';
import type { RoomState } from '../words/kept-room.ts';
import { TextareaBinding, type TextField } from '../words/textarea-binding.ts';
import type { DraftDocument } from './draft-document.ts';
import { describeDrafts, isTrouble } from './draft-status.ts';

/** Where the field that a draft is written in stands. */
export interface DraftPlace {
  /** The take that it is written over. */
  readonly parentId: TakeId;
  /** The draft to go on with; without one, the first over that take, or else a new one. */
  readonly id: TakeId | null;
  /** True for a draft that is in the story, or on its way there: nobody goes on with it unasked. */
  readonly isSent?: (id: TakeId) => boolean;
}

export class DraftWriting {
  words = $state.raw('');
  #id: TakeId | null = $state.raw(null);
  /** Another device published or discarded the draft while it was open here. */
  isGone = $state.raw(false);
  /** No further draft may be begun, and this one is not begun. */
  isFull = $state.raw(false);
  #state: RoomState = $state.raw({
    status: 'opening',
    writable: false,
    hasUnsaved: false,
    keptHere: false,
  });
  /** What is worth interrupting a screen reader's user for: trouble, and its end. */
  announcement = $state.raw('');
  readonly document: DraftDocument;
  readonly #parentId: TakeId;
  readonly #isSent: (id: TakeId) => boolean;
  #field: TextField | null = null;
  #text: Y.Text | null = null;
  #binding: TextareaBinding | null = null;
  #isComposing = false;
  #isDone = false;

  constructor(document: DraftDocument, { parentId, id, isSent }: DraftPlace) {
    this.document = document;
    this.#parentId = parentId;
    this.#isSent = isSent ?? (() => false);
    this.#id = id;
  }

  /** The draft's id, once something is written. */
  get id(): TakeId | null {
    return this.#id;
  }

  /** True while the words are in no draft: on this page, and nowhere else. */
  readonly isOnlyHere = $derived(this.words !== '' && (this.isGone || this.isFull));
  readonly statusText = $derived.by(() => {
    // What the document says of its drafts is not about these words.
    if (this.isOnlyHere) return 'Only on this page yet';
    if (this.words === '' && this.#state.status !== 'offline') return '';
    return describeDrafts(this.#state);
  });
  readonly isTroubled = $derived(
    this.#state.status === 'refused' || this.#state.status === 'forbidden',
  );

  /**
   * Binds the field until what it returns is called. Whatever is in the field then stays there.
   * @param began the id that words of nobody's in the field have on this device: the draft that
   * they move into, whoever puts it there
   */
  bind(field: TextField, began?: TakeId): () => void {
    this.#field = field;
    const unsubscribe = this.document.subscribe(() => this.#follow());
    // Before the draft shows: what is typed already is newer.
    if (began !== undefined && (this.#id ?? began) === began) this.#begin(began);
    this.#follow();
    // Typed before the drafts were open.
    if (this.#binding === null) this.#begin();
    return () => {
      unsubscribe();
      this.#unbind();
      this.#field = null;
      this.#dropIfEmpty();
    };
  }

  input(): void {
    if (this.#isComposing) return;
    if (this.#binding !== null) this.#binding.input();
    else this.#begin();
    this.words = this.#field?.value ?? '';
  }

  compositionStart(): void {
    this.#isComposing = true;
    this.#binding?.compositionStart();
  }

  compositionEnd(): void {
    this.#isComposing = false;
    if (this.#binding === null) this.input();
    else this.#binding.compositionEnd();
    this.words = this.#field?.value ?? '';
  }

  /** Takes back, or does again, this field's last change. @returns false if it is not bound */
  undo(what: 'undo' | 'redo'): boolean {
    if (this.#binding === null) return false;
    this.#binding[what]();
    this.words = this.#field?.value ?? '';
    return true;
  }

  /** The draft has become a take with these words. */
  published(words: string): void {
    this.#isDone = true;
    if (this.#id !== null) this.document.published(this.#id, words);
  }

  /** Goes on with these words as a new draft: this one was taken away, or is a take already. */
  keepAsNew(): void {
    const before = this.#id;
    this.isGone = false;
    this.#id = null;
    this.#unbind();
    if (before !== null) this.document.discard(before);
    this.#begin();
  }

  /** Only what is written is begun: looking at the composer leaves no empty draft behind. */
  #begin(began?: TakeId): void {
    const field = this.#field;
    if (field === null || field.value === '' || this.isGone) return;
    const isThere = began !== undefined && this.document.wordsOf(began) !== null;
    this.isFull = !isThere && this.document.isFull;
    if (this.isFull) return;
    const { value, selectionStart, selectionEnd } = field;
    this.#id = isThere ? began : this.document.begin(this.#parentId, '', began);
    this.#follow();
    // Into the empty text that it is bound to now, so that it can be undone like the rest.
    field.value = value;
    field.setSelectionRange(selectionStart, selectionEnd);
    this.#binding?.input();
  }

  #follow(): void {
    this.#state = this.document.state;
    this.#announce();
    if (this.#field === null || this.isGone || this.#isDone || this.#isComposing) return;
    if (this.#id === null && this.#field.value === '') this.#id = this.#firstHere();
    if (this.#id === null) return;
    const text = this.document.wordsOf(this.#id);
    if (text === null) {
      this.isGone = this.words !== '';
      if (!this.isGone) this.#id = null;
      this.#unbind();
    } else if (text !== this.#text) {
      this.#rebind(text, this.#field);
    }
    if (this.#binding !== null) this.words = this.#field.value;
  }

  #firstHere(): TakeId | null {
    const here = this.document.drafts.find(
      ({ id, parentId, words }) =>
        parentId === this.#parentId && words.trim() !== '' && !this.#isSent(id),
    );
    return here?.id ?? null;
  }

  #rebind(text: Y.Text, field: TextField): void {
    this.#unbind();
    this.#text = text;
    this.#binding = new TextareaBinding(text, field, {
      maxLength: MAX_WORDS_LENGTH,
      writable: true,
    });
  }

  #unbind(): void {
    this.#binding?.destroy();
    this.#binding = null;
    this.#text = null;
  }

  #dropIfEmpty(): void {
    if (this.#id === null || this.document.wordsOf(this.#id)?.toJSON().trim() !== '') return;
    this.document.discard(this.#id);
  }

  #announce(): void {
    const { status } = this.#state;
    const isOver = status === 'saved' && this.announcement !== '';
    if (isTrouble(this.#state) || isOver) this.announcement = describeDrafts(this.#state);
  }
}
