import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MAX_DRAFTS_BEGUN } from '#domain/story/draft.ts';
import { storyId, takeId, userId } from '#domain/story/ids.ts';
import type { TextField } from '../words/textarea-binding.ts';
import type { DraftDocument } from './draft-document.ts';
import { DraftWriting } from './draft-writing.svelte.ts';
import { draftsApart } from './testing/drafts-apart.ts';

const uuid = (digit: number) => `${String(digit).repeat(8)}-1111-4111-8111-111111111111`;
const parentId = takeId(uuid(7));
const elsewhere = takeId(uuid(6));

class Field implements TextField {
  value = '';
  selectionStart = 0;
  selectionEnd = 0;
  readonly selectionDirection = 'none';

  setSelectionRange(start: number, end: number): void {
    this.selectionStart = start;
    this.selectionEnd = end;
  }

  /** As a person types at the end; no event is sent. */
  type(text: string): void {
    this.value += text;
    this.setSelectionRange(this.value.length, this.value.length);
  }
}

let drafts: DraftDocument;
let close: () => void;
let field: Field;

beforeEach(() => {
  ({ drafts, close } = draftsApart(userId(uuid(1)), storyId(uuid(2))));
  field = new Field();
});
afterEach(() => close());

const open = (id = null as DraftWriting['id']) => new DraftWriting(drafts, { parentId, id });

function type(writing: DraftWriting, text: string): void {
  field.type(text);
  writing.input();
}

describe('a draft in the making', () => {
  it('is begun by the first character, not by the look of an empty field', () => {
    const writing = open();
    const leave = writing.bind(field);
    expect([drafts.drafts, writing.statusText]).toEqual([[], '']);
    type(writing, 'O');
    type(writing, 'nce');
    expect(drafts.drafts).toMatchObject([{ parentId, words: 'Once', id: writing.id }]);
    leave();
    expect(drafts.drafts).toHaveLength(1);
  });

  it('holds what was typed before the drafts were open', () => {
    field.type('Once');
    const writing = open();
    writing.bind(field);
    expect([field.value, writing.words]).toEqual(['Once', 'Once']);
    expect(drafts.drafts).toMatchObject([{ words: 'Once' }]);
  });

  it('goes on under the id that its words had on this device, however late that has come', () => {
    for (const isThere of [true, false]) {
      const id = takeId(uuid(isThere ? 4 : 5));
      if (isThere) drafts.put({ id, parentId, beganMs: 1, words: 'On' });
      field.value = 'Once';
      const writing = open();
      const leave = writing.bind(field, id);
      expect([writing.id, writing.words, field.value]).toEqual([id, 'Once', 'Once']);
      expect(drafts.drafts).toMatchObject([{ id, words: 'Once' }]);
      type(writing, ' upon');
      expect(drafts.wordsOf(id)?.toJSON()).toBe('Once upon');
      leave();
      drafts.discard(id);
    }
  });

  it('goes on with the first over the same take, also if that comes late', () => {
    const writing = open();
    writing.bind(field);
    drafts.begin(elsewhere, 'Not this.');
    expect(field.value).toBe('');
    const id = drafts.begin(parentId, 'Once');
    expect([field.value, writing.words, writing.id]).toEqual(['Once', 'Once', id]);
    type(writing, ' upon');
    drafts.wordsOf(id)?.insert(0, '“');
    expect([field.value, writing.words]).toEqual(['“Once upon', '“Once upon']);
  });

  it('does not go on unasked with what is in the story, or on its way there', () => {
    const sent = drafts.begin(parentId, 'Once');
    const writing = new DraftWriting(drafts, { parentId, id: null, isSent: (id) => id === sent });
    writing.bind(field);
    expect([field.value, writing.id]).toEqual(['', null]);
    type(writing, 'Twice');
    expect(drafts.drafts.map(({ words }) => words).toSorted()).toEqual(['Once', 'Twice']);
  });

  it('goes on with the one that was asked for', () => {
    drafts.begin(parentId, 'One');
    const two = drafts.begin(parentId, 'Two');
    open(two).bind(field);
    expect(field.value).toBe('Two');
  });

  it('does not take over another once something is written', () => {
    const writing = open();
    writing.bind(field);
    type(writing, 'Mine');
    drafts.begin(parentId, 'Theirs');
    expect(field.value).toBe('Mine');
    expect(drafts.drafts).toHaveLength(2);
  });

  it('is undone to its first character', () => {
    const writing = open();
    writing.bind(field);
    type(writing, 'Once');
    writing.undo('undo');
    expect([writing.words, field.value]).toEqual(['', '']);
  });

  it('begins with what an input method has composed', () => {
    const writing = open();
    writing.bind(field);
    writing.compositionStart();
    type(writing, 'に');
    expect(drafts.drafts).toEqual([]);
    field.value = '日';
    writing.compositionEnd();
    expect(drafts.drafts).toMatchObject([{ words: '日' }]);
  });

  it('leaves nothing behind if nothing is left of it', () => {
    const writing = open();
    const leave = writing.bind(field);
    type(writing, 'O');
    field.value = '';
    writing.input();
    leave();
    expect(drafts.drafts).toEqual([]);
  });

  it('that another device took away leaves its words, to be kept as a new one', () => {
    const writing = open();
    writing.bind(field);
    type(writing, 'Once');
    const { id } = writing;
    if (id === null) throw new Error('not begun');
    drafts.discard(id);
    expect([writing.isGone, writing.isOnlyHere, field.value]).toEqual([true, true, 'Once']);
    writing.keepAsNew();
    expect([writing.isGone, writing.isOnlyHere]).toEqual([false, false]);
    expect(drafts.drafts).toMatchObject([{ words: 'Once' }]);
    expect(writing.id).not.toBe(id);
  });

  it('that the story has with other words goes on as another one', () => {
    const writing = open();
    writing.bind(field);
    type(writing, 'Once');
    const { id } = writing;
    writing.keepAsNew();
    expect(drafts.drafts).toMatchObject([{ words: 'Once', id: writing.id }]);
    expect(writing.id).not.toBe(id);
    type(writing, ' upon');
    expect(drafts.drafts).toMatchObject([{ words: 'Once upon' }]);
  });

  it('is gone without a word once it is published', () => {
    const writing = open();
    writing.bind(field);
    type(writing, 'Once');
    writing.published('Once');
    expect([drafts.drafts, writing.isGone]).toEqual([[], false]);
  });

  it('is not said to be saved while its words are only on this page', () => {
    const state = { status: 'saved', writable: true, hasUnsaved: false, keptHere: true } as const;
    vi.spyOn(drafts, 'state', 'get').mockReturnValue(state);
    const writing = open();
    writing.bind(field);
    type(writing, 'Once');
    expect(writing.statusText).toBe('Saved');
    if (writing.id !== null) drafts.discard(writing.id);
    expect([writing.isGone, writing.statusText]).toEqual([true, 'Only on this page yet']);
    writing.keepAsNew();
    expect(writing.statusText).toBe('Saved');
  });

  it('is not begun beside too many others, until there is room', () => {
    const others = Array.from({ length: MAX_DRAFTS_BEGUN }, () => drafts.begin(elsewhere, 'x'));
    const writing = open();
    writing.bind(field);
    type(writing, 'Once');
    expect([writing.isFull, writing.isOnlyHere, writing.id]).toEqual([true, true, null]);
    const [first] = others;
    if (first !== undefined) drafts.discard(first);
    type(writing, ' upon');
    expect([writing.isFull, writing.words]).toEqual([false, 'Once upon']);
    expect(drafts.drafts.at(-1)).toMatchObject({ words: 'Once upon' });
  });
});
