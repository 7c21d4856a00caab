// What an editor of words shows and does: a shared document, once it is open, bound to a field.
import { MAX_WORDS_LENGTH } from '#domain/protocol/commands.ts';
import type { TakeId } from '#domain/story/ids.ts';
import type { LiveStory } from '../live/live-story.svelte.ts';
import { describeStatus } from './saved-status.ts';
import type { TextareaBinding } from './textarea-binding.ts';
import { undoOfInput, undoOfKey } from './undo-keys.ts';
import type { WordsDocument, WordsState } from './words-document.ts';

const opening: WordsState = {
  status: 'opening',
  writable: false,
  hasUnsaved: false,
  keptHere: false,
  carets: [],
};

interface Place {
  readonly live: LiveStory;
  readonly takeId: TakeId;
  /** Aborted when the editor closes. */
  readonly closing: AbortSignal;
}

export class WordsEditing {
  #document = $state.raw<WordsDocument | null>(null);
  #state = $state.raw<WordsState>(opening);
  #text = $state.raw('');
  #announcement = $state.raw('');
  #binding: TextareaBinding | null = null;
  #field: HTMLTextAreaElement | null = null;
  readonly #mayWrite: () => boolean;

  /** @param mayWrite whether the viewer has a session; the server has the last word */
  constructor(mayWrite: () => boolean) {
    this.#mayWrite = mayWrite;
  }

  readonly ready = $derived(this.#document !== null && this.#state.status !== 'opening');
  readonly canWrite = $derived.by(() => this.ready && this.#state.writable && this.#mayWrite());
  /** True if the server does not take the words as they are. */
  readonly isTroubled = $derived(
    this.#state.status === 'refused' || this.#state.status === 'forbidden',
  );
  readonly statusText = $derived(
    this.canWrite || this.#state.status === 'offline' || this.isTroubled
      ? describeStatus(this.#state.status, this.#state)
      : '',
  );

  get text(): string {
    return this.#text;
  }

  get length(): number {
    return this.#text.length;
  }

  get carets(): WordsState['carets'] {
    return this.#state.carets;
  }

  /** What is worth interrupting a screen reader's user for: trouble, and its end. */
  get announcement(): string {
    return this.#announcement;
  }

  /** Opens the words of a take; returns what closes them. */
  open(live: LiveStory, takeId: TakeId): () => void {
    const closing = new AbortController();
    void this.#open({ live, takeId, closing: closing.signal });
    return () => {
      this.left();
      closing.abort();
      this.#document = null;
      this.#state = opening;
    };
  }

  async #open(place: Place): Promise<void> {
    const { live, takeId, closing } = place;
    const document = await live.openWords(takeId);
    if (closing.aborted) {
      if (!document.hasEnded) live.closeWords(takeId);
      return;
    }
    const unsubscribe = document.subscribe(() => {
      if (!document.hasEnded) this.#follow(document, place);
      else if (!closing.aborted) this.#reopen(place);
    });
    closing.addEventListener('abort', () => {
      unsubscribe();
      if (!document.hasEnded) live.closeWords(takeId);
    });
    this.#document = document;
    this.#follow(document, place);
  }

  /** The document ended while it was on the screen: what was unsaved of it was set aside. */
  #reopen(place: Place): void {
    this.#document = null;
    this.#state = opening;
    this.#announcement = '';
    void this.#open(place);
  }

  #follow(document: WordsDocument, { live, takeId }: Place): void {
    this.#state = document.state;
    this.#text = document.text.toJSON();
    const { status } = this.#state;
    if (status === 'saved') live.lost.seen(takeId, this.#text);
    const troubled = status === 'offline' || status === 'late' || this.isTroubled;
    if (troubled || (status === 'saved' && this.#announcement !== '')) {
      this.#announcement = describeStatus(status, this.#state);
    }
  }

  /** Binds the field while the words are open; returns what lets go of it. */
  bind(field: HTMLTextAreaElement): (() => void) | undefined {
    const document = this.#document;
    if (document === null || !this.ready) return undefined;
    const binding = document.bind(field, {
      maxLength: MAX_WORDS_LENGTH,
      writable: this.canWrite,
    });
    this.#binding = binding;
    this.#field = field;
    return () => {
      binding.destroy();
      this.#binding = null;
      this.#field = null;
    };
  }

  input(): void {
    this.#binding?.input();
    this.caretMoved();
  }

  /** The browser's own undo knows nothing of the others' edits: ours takes its place. */
  beforeInput(event: InputEvent): void {
    this.#undo(event, undoOfInput(event));
  }

  key(event: KeyboardEvent): void {
    this.#undo(event, undoOfKey(event));
  }

  #undo(event: Event, what: 'undo' | 'redo' | null): void {
    if (what === null) return;
    event.preventDefault();
    this.#binding?.[what]();
    this.caretMoved();
  }

  compositionStart(): void {
    this.#binding?.compositionStart();
  }

  compositionEnd(): void {
    this.#binding?.compositionEnd();
    this.caretMoved();
  }

  /** Shows the others where this field's caret is now. */
  caretMoved(): void {
    const field = this.#field;
    if (field === null || !this.canWrite) return;
    const backward = field.selectionDirection === 'backward';
    this.#document?.setCaret({
      anchor: backward ? field.selectionEnd : field.selectionStart,
      head: backward ? field.selectionStart : field.selectionEnd,
    });
  }

  /** The field lost its focus: hides its caret from the others. */
  left(): void {
    if (this.canWrite) this.#document?.setCaret(null);
  }
}
