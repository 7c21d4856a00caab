// A text field and a Y.Text that say the same. Knows no DOM: a textarea is one kind of field.
import { simpleDiffStringWithCursor } from 'lib0/diff';
import * as Y from 'yjs';
import {
  boundSplice,
  moveIndex,
  placeSplice,
  type Delta,
  type Place,
  type Splice,
} from './text-change.ts';

/** What the binding needs of a `<textarea>`. Offsets are UTF-16 units, as in Y.Text. */
export interface TextField {
  value: string;
  readonly selectionStart: number;
  readonly selectionEnd: number;
  readonly selectionDirection: 'forward' | 'backward' | 'none';
  setSelectionRange(start: number, end: number, direction?: 'forward' | 'backward' | 'none'): void;
}

export interface BindingOptions {
  /** Typing stops here, in UTF-16 units; what others wrote at the same time may go over it. */
  readonly maxLength: number;
  /** False if the field only shows the text. */
  readonly writable: boolean;
}

interface KeptSelection {
  readonly start: Y.RelativePosition;
  readonly end: Y.RelativePosition;
  readonly direction: TextField['selectionDirection'];
}

/**
 * Whoever makes it calls `input()` after each `input` event, the two composition methods with
 * their events, and `destroy()`. While an input method composes, the field is not touched: what
 * others write meanwhile waits, and the composed text is carried over it.
 */
export class TextareaBinding {
  readonly #text: Y.Text;
  readonly #field: TextField;
  readonly #maxLength: number;
  readonly #writable: boolean;
  readonly #undo: Y.UndoManager;
  /** The text as the field last showed it; differs from Y.Text only while composing. */
  #base: string;
  #composing = false;
  /** What others changed since `#base`, while composing. */
  #waiting: Delta[] = [];
  #kept: KeptSelection | null = null;

  constructor(text: Y.Text, field: TextField, options: BindingOptions) {
    this.#text = text;
    this.#field = field;
    this.#maxLength = options.maxLength;
    this.#writable = options.writable;
    this.#undo = new Y.UndoManager(text, { trackedOrigins: new Set([this]) });
    this.#endLinesAsFieldsDo();
    this.#base = text.toJSON();
    field.value = this.#base;
    text.doc?.on('beforeTransaction', this.#keepSelection);
    text.observe(this.#followRemote);
  }

  get canUndo(): boolean {
    return this.#undo.canUndo();
  }

  get canRedo(): boolean {
    return this.#undo.canRedo();
  }

  /** The field was edited: takes its change into the shared text. */
  input(): void {
    if (!this.#composing) this.#commit();
  }

  compositionStart(): void {
    this.#commit();
    this.#composing = true;
  }

  compositionEnd(): void {
    this.#composing = false;
    this.#commit();
  }

  /** Takes back this field's last change, never another person's. */
  undo(): void {
    if (!this.#composing) this.#undo.undo();
  }

  redo(): void {
    if (!this.#composing) this.#undo.redo();
  }

  destroy(): void {
    this.#text.doc?.off('beforeTransaction', this.#keepSelection);
    this.#text.unobserve(this.#followRemote);
    this.#undo.destroy();
  }

  #commit(): void {
    if (!this.#writable) return;
    const wanted = this.#field.value;
    if (wanted === this.#base && this.#waiting.length === 0) return;
    const caret = this.#field.selectionEnd;
    const typed = simpleDiffStringWithCursor(this.#base, wanted, this.#field.selectionStart);
    const waiting = this.#waiting;
    this.#waiting = [];
    const place = placeSplice(typed, waiting);
    const removed = place.removals.reduce((sum, { start, end }) => sum + end - start, 0);
    const { insert } = boundSplice(
      // Pasted from who knows where: the server refuses it.
      { index: place.index, remove: removed, insert: typed.insert.replaceAll('\0', '') },
      this.#text.length,
      this.#maxLength,
    );
    this.#write(place, insert);
    this.#base = this.#text.toJSON();
    if (this.#base === wanted) return;
    // Others wrote meanwhile, or the change did not fit: the field shows what became of it.
    const end = carryCaret(caret, { typed, insert, at: place.index, waiting });
    this.#field.value = this.#base;
    this.#field.setSelectionRange(end, end, 'none');
  }

  #write({ index, removals }: Place, insert: string): void {
    if (removals.length === 0 && insert === '') return;
    this.#text.doc?.transact(() => {
      // From the right, so that the ranges further left keep their places; each lies at or behind
      // the index, where the new text goes last.
      for (const { start, end } of removals.toReversed()) this.#text.delete(start, end - start);
      if (insert !== '') this.#text.insert(index, insert);
    }, this);
  }

  /** Before anybody changes the text: notes which characters the selection stands between. */
  readonly #keepSelection = () => {
    if (this.#composing) return;
    const { selectionStart, selectionEnd, selectionDirection } = this.#field;
    const collapsed = selectionStart === selectionEnd;
    this.#kept = {
      // A caret stays behind what it follows; a selection does not grow by what others insert.
      start: Y.createRelativePositionFromTypeIndex(this.#text, selectionStart, collapsed ? -1 : 0),
      end: Y.createRelativePositionFromTypeIndex(this.#text, selectionEnd, -1),
      direction: selectionDirection,
    };
  };

  readonly #followRemote = (event: Y.YTextEvent, transaction: Y.Transaction) => {
    if (transaction.origin === this) return;
    if (this.#writable && (this.#composing || this.#field.value !== this.#base)) {
      this.#waiting.push(event.delta);
      // Without a composition, the field holds an edit that we were not told of yet.
      if (!this.#composing) this.#commit();
      return;
    }
    if (this.#endLinesAsFieldsDo()) return;
    this.#base = this.#text.toJSON();
    this.#field.value = this.#base;
    if (transaction.origin === this.#undo) this.#selectChange(event.delta);
    else this.#restoreSelection();
  };

  /**
   * A field turns every line end into one line feed, which would put its offsets out of step with
   * the text; so the text is made to agree. Returns true if it changed.
   */
  #endLinesAsFieldsDo(): boolean {
    const text = this.#text.toJSON();
    if (!this.#writable || !text.includes('\r')) return false;
    this.#text.doc?.transact(() => {
      for (
        let at = text.lastIndexOf('\r');
        at >= 0;
        at = at > 0 ? text.lastIndexOf('\r', at - 1) : -1
      ) {
        this.#text.delete(at, 1);
        if (text[at + 1] !== '\n') this.#text.insert(at, '\n');
      }
    }, 'line ends');
    return true;
  }

  /** After undo and redo the caret stands where the text changed. */
  #selectChange(delta: Delta): void {
    let index = 0;
    let last = 0;
    for (const { insert, retain = 0 } of delta) {
      index += typeof insert === 'string' ? insert.length : retain;
      if (retain === 0) last = index;
    }
    this.#field.setSelectionRange(last, last, 'none');
  }

  #restoreSelection(): void {
    const { doc } = this.#text;
    if (this.#kept === null || doc === null) return;
    const start = Y.createAbsolutePositionFromRelativePosition(this.#kept.start, doc)?.index;
    const end = Y.createAbsolutePositionFromRelativePosition(this.#kept.end, doc)?.index;
    if (start === undefined || end === undefined) return;
    this.#field.setSelectionRange(Math.min(start, end), end, this.#kept.direction);
  }
}

/** The field's caret, carried from the text as typed to the text as it became. */
function carryCaret(
  caret: number,
  change: {
    readonly typed: Splice;
    /** What of `typed.insert` went in. */
    readonly insert: string;
    /** Where it went in. */
    readonly at: number;
    readonly waiting: readonly Delta[];
  },
): number {
  const { typed, insert, at, waiting } = change;
  if (caret >= typed.index && caret <= typed.index + typed.insert.length) {
    return at + Math.min(caret - typed.index, insert.length);
  }
  if (caret < typed.index) return waiting.reduce(moveIndex, caret);
  const before = caret - typed.insert.length + typed.remove;
  return waiting.reduce(moveIndex, before) - typed.remove + insert.length;
}
