import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { TextareaBinding, type TextField } from './textarea-binding.ts';

/** Does what a `<textarea>` does: a new value puts the caret at its end and folds line ends. */
class Field implements TextField {
  selectionStart = 0;
  selectionEnd = 0;
  selectionDirection: TextField['selectionDirection'] = 'none';
  /** How often the value was set from outside. */
  writes = 0;
  #value = '';

  get value(): string {
    return this.#value;
  }

  set value(value: string) {
    this.writes += 1;
    this.#value = value.replaceAll(/\r\n?/gu, '\n');
    this.setSelectionRange(this.#value.length, this.#value.length);
  }

  setSelectionRange(start: number, end: number, direction?: TextField['selectionDirection']): void {
    this.selectionEnd = Math.min(end, this.#value.length);
    this.selectionStart = Math.min(start, this.selectionEnd);
    this.selectionDirection = direction ?? 'none';
  }

  /** As a person types or pastes over the selection; no event is sent. */
  replaceSelection(insert: string): void {
    const { selectionStart: start, selectionEnd: end } = this;
    this.#value = this.#value.slice(0, start) + insert + this.#value.slice(end);
    this.setSelectionRange(start + insert.length, start + insert.length);
  }
}

interface Page {
  readonly text: Y.Text;
  readonly field: Field;
  readonly binding: TextareaBinding;
  type(insert: string): void;
}

function page(text: Y.Text, { maxLength = 10_000, writable = true } = {}): Page {
  const field = new Field();
  const binding = new TextareaBinding(text, field, { maxLength, writable });
  const type = (insert: string) => {
    field.replaceSelection(insert);
    binding.input();
  };
  return { text, field, binding, type };
}

const docs = (clientIDs: readonly number[]) =>
  clientIDs.map((clientID) => {
    const doc = new Y.Doc();
    doc.clientID = clientID;
    return doc;
  });

function exchange(a: Y.Doc, b: Y.Doc): void {
  const forB = Y.encodeStateAsUpdate(a, Y.encodeStateVector(b));
  const forA = Y.encodeStateAsUpdate(b, Y.encodeStateVector(a));
  Y.applyUpdate(a, forA, 'remote');
  Y.applyUpdate(b, forB, 'remote');
}

/** Two pages on documents that start with the same text and meet when `sync` is called. */
function twoPages(start = '', options: { maxLength?: number } = {}) {
  const [docA, docB] = docs([1, 2]) as [Y.Doc, Y.Doc];
  docA.getText('words').insert(0, start);
  exchange(docA, docB);
  const a = page(docA.getText('words'), options);
  const b = page(docB.getText('words'), options);
  return { a, b, sync: () => exchange(docA, docB) };
}

const caretAt = (p: Page, index: number, end = index) => p.field.setSelectionRange(index, end);
const carets = ({ field }: Page) => [field.selectionStart, field.selectionEnd];

describe('TextareaBinding', () => {
  it('takes typing into the text without touching the field', () => {
    const { a, b, sync } = twoPages('one three');
    caretAt(a, 4);
    const { writes } = a.field;
    a.type('two ');
    expect(a.field.writes).toBe(writes);
    sync();
    expect(b.field.value).toBe('one two three');
  });

  it('takes no NUL from a paste', () => {
    const { a } = twoPages();
    a.type('once\0 upon');
    expect(a.text.toJSON()).toBe('once upon');
    expect(a.field.value).toBe('once upon');
  });

  it('keeps a caret behind the letter it follows while others write before it', () => {
    const { a, b, sync } = twoPages('once upon');
    caretAt(b, 4);
    caretAt(a, 0);
    a.type('well, ');
    sync();
    expect(carets(b)).toEqual([10, 10]);
  });

  it('keeps a selection on the same letters, and does not let it grow by what others insert', () => {
    const { a, b, sync } = twoPages('abcdef');
    b.field.setSelectionRange(2, 4, 'backward');
    caretAt(a, 2);
    a.type('X');
    sync();
    caretAt(a, 5);
    a.type('Y');
    sync();
    expect(b.field.value).toBe('abXcdYef');
    expect(b.field.value.slice(...(carets(b) as [number, number]))).toBe('cd');
    expect(b.field.selectionDirection).toBe('backward');
  });

  it('leaves the field alone while an input method composes, then carries the word over', () => {
    const { a, b, sync } = twoPages('Mira said .');
    caretAt(b, 10);
    b.binding.compositionStart();
    b.field.replaceSelection('n');
    b.binding.input();
    caretAt(a, 0);
    a.type('Then ');
    sync();
    expect(b.field.value).toBe('Mira said n.');
    b.field.setSelectionRange(10, 11);
    b.field.replaceSelection('你好');
    b.binding.compositionEnd();
    sync();
    expect(b.field.value).toBe('Then Mira said 你好.');
    expect(a.field.value).toBe(b.field.value);
    expect(carets(b)).toEqual([17, 17]);
  });

  it('does not delete what others wrote inside a word that a composition replaced', () => {
    const { a, b, sync } = twoPages('abcd');
    caretAt(b, 0, 4);
    b.binding.compositionStart();
    b.field.replaceSelection('新');
    caretAt(a, 2);
    a.type('XY');
    sync();
    b.binding.compositionEnd();
    sync();
    expect(a.field.value).toBe('新XY');
    expect(b.field.value).toBe('新XY');
  });

  it('keeps an edit of the field that it is told of only after a remote change', () => {
    const { a, b, sync } = twoPages('ab');
    caretAt(b, 2);
    b.field.replaceSelection('c');
    caretAt(a, 0);
    a.type('X');
    sync();
    b.binding.input();
    sync();
    expect(a.field.value).toBe('Xabc');
    expect(b.field.value).toBe('Xabc');
  });

  it('undoes and redoes its own edits, never those of others, with the caret at the change', () => {
    const { a, b, sync } = twoPages('');
    a.type('mine');
    sync();
    caretAt(b, 4);
    b.type(' theirs');
    sync();
    a.binding.undo();
    expect(a.field.value).toBe(' theirs');
    expect(carets(a)).toEqual([0, 0]);
    a.binding.redo();
    expect(a.field.value).toBe('mine theirs');
    expect(carets(a)).toEqual([4, 4]);
    sync();
    expect(b.field.value).toBe('mine theirs');
  });

  it('stops typing at the greatest length, and shows in the field what became of a paste', () => {
    const { a, b, sync } = twoPages('12345', { maxLength: 8 });
    caretAt(a, 2);
    a.type('abcdef');
    expect(a.field.value).toBe('12abc345');
    expect(carets(a)).toEqual([5, 5]);
    sync();
    expect(b.field.value).toBe('12abc345');
    caretAt(a, 0, 4);
    a.type('');
    expect(a.text.toJSON()).toBe('c345');
  });

  it('makes line ends of foreign clients agree with those of the field', () => {
    const { a, b, sync } = twoPages('');
    a.text.insert(0, 'one\r\ntwo\rthree\r');
    sync();
    expect(b.text.toJSON()).toBe(b.field.value);
    sync();
    caretAt(b, b.field.value.length);
    b.type('!');
    sync();
    expect(a.text.toJSON()).toBe(b.text.toJSON());
    expect(a.text.toJSON().endsWith('\n!')).toBe(true);
    expect(a.text.toJSON().replaceAll('\n', '')).toBe('onetwothree!');
  });

  it('changes nothing in a text that it may only show', () => {
    const [doc] = docs([1]) as [Y.Doc];
    doc.getText('words').insert(0, 'a\r\nb');
    const shown = page(doc.getText('words'), { writable: false });
    expect(shown.field.value).toBe('a\nb');
    doc.getText('words').insert(0, '\r\n');
    expect(shown.text.toJSON()).toBe('\r\na\r\nb');
    expect(shown.field.value).toBe('\na\nb');
  });

  it('lets go of the text when it is destroyed', () => {
    const { a, b, sync } = twoPages('x');
    b.binding.destroy();
    caretAt(a, 1);
    a.type('y');
    sync();
    expect(b.field.value).toBe('x');
  });
});

const words = fc.constantFrom('a', 'bc', 'the ', '\n', '👩', '你', '', 'é');
const step = fc.record({
  who: fc.constantFrom('a' as const, 'b' as const),
  what: fc.constantFrom('type', 'select', 'sync', 'compose', 'undo', 'redo'),
  from: fc.nat(40),
  length: fc.nat(5),
  insert: words,
});

/** An index that no surrogate pair straddles: a field never puts its caret inside a character. */
function whole(text: string, index: number): number {
  const at = Math.min(index, text.length);
  return /[\uDC00-\uDFFF]/u.test(text.charAt(at)) && at > 0 ? at - 1 : at;
}

function selectWhole({ field }: Page, from: number, length: number): void {
  const start = whole(field.value, from);
  field.setSelectionRange(start, Math.max(start, whole(field.value, start + length)));
}

describe('two bound fields', () => {
  it('converge whatever is typed, composed, undone and synced, and stay in step with the text', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const pages = twoPages('once upon a time');
        const composing = new Set<Page>();
        let inStep = true;
        for (const { who, what, from, length, insert } of steps) {
          const p = pages[who];
          if (what === 'sync') pages.sync();
          else if (what === 'select') selectWhole(p, from, length);
          else if (what === 'undo') p.binding.undo();
          else if (what === 'redo') p.binding.redo();
          else if (what === 'type') {
            selectWhole(p, from, length);
            p.type(insert);
          } else if (composing.delete(p)) p.binding.compositionEnd();
          else {
            composing.add(p);
            p.binding.compositionStart();
          }
          inStep &&= composing.has(p) || p.field.value === p.text.toJSON();
        }
        expect(inStep).toBe(true);
        for (const p of composing) p.binding.compositionEnd();
        pages.sync();
        expect(pages.a.text.toJSON()).toBe(pages.b.text.toJSON());
        expect(pages.a.field.value).toBe(pages.a.text.toJSON());
        expect(pages.b.field.value).toBe(pages.b.text.toJSON());
        expect(pages.a.field.value).not.toContain('\uFFFD');
      }),
      { numRuns: 500 },
    );
  });

  it('keep each caret between the letters it stood between, if those are still there', () => {
    // Marks that are typed nowhere else, so that they can be found again.
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(20), fc.nat(3), fc.constantFrom('', 'x', 'yz')), { maxLength: 6 }),
        fc.nat(20),
        (edits, caret) => {
          const letters = 'ABCDEFGHIJKLMNOPQRST';
          const { a, b, sync } = twoPages(letters);
          caretAt(b, caret);
          for (const [from, length, insert] of edits) {
            caretAt(a, from, from + length);
            a.type(insert);
            sync();
          }
          const { value, selectionStart } = b.field;
          const left = letters
            .slice(0, caret)
            .split('')
            .findLast((letter) => value.includes(letter));
          const right = letters
            .slice(caret)
            .split('')
            .find((letter) => value.includes(letter));
          expect(selectionStart).toBeGreaterThanOrEqual(
            left === undefined ? 0 : value.indexOf(left) + 1,
          );
          expect(selectionStart).toBeLessThanOrEqual(
            right === undefined ? value.length : value.indexOf(right),
          );
          const kept = left !== undefined && left === letters[caret - 1];
          expect(kept ? value[selectionStart - 1] : left).toBe(left);
        },
      ),
    );
  });

  it('never loses what was composed while the other wrote', () => {
    fc.assert(
      fc.property(fc.nat(11), fc.nat(4), fc.nat(11), fc.nat(4), (atB, removeB, atA, removeA) => {
        const { a, b, sync } = twoPages('abcdefghijk');
        caretAt(b, atB, atB + removeB);
        b.binding.compositionStart();
        b.field.replaceSelection('你好');
        caretAt(a, atA, atA + removeA);
        a.type('XYZ');
        sync();
        b.binding.compositionEnd();
        sync();
        expect(a.field.value).toContain('你好');
        expect(a.field.value).toContain('XYZ');
        expect(b.field.value).toBe(a.field.value);
        expect(b.field.value.slice(0, b.field.selectionStart).endsWith('你好')).toBe(true);
      }),
    );
  });
});
