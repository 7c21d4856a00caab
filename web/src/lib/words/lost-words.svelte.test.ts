import { describe, expect, it, vi } from 'vitest';
import * as Y from 'yjs';
import { takeId, userId } from '#domain/story/ids.ts';
import {
  LostShelf,
  type LostShelfOptions,
  type LostWords,
  type ShelvedWords,
} from './lost-words.svelte.ts';
import type { WordsState } from './words-document.ts';

const TAKE = takeId('01890000-0000-7000-8000-000000000001');

const lost = (text: string): LostWords => ({
  takeId: TAKE,
  over: null,
  person: { id: userId('01890000-0000-7000-8000-000000000002'), name: 'Mira', hue: 1 },
  why: 'refused',
  base: '',
  text,
  keptHere: false,
});

/** Words whose server says what it is told to say. */
class Words {
  readonly text = new Y.Doc().getText();
  hasEnded = false;
  state: WordsState = {
    status: 'saved',
    writable: true,
    hasUnsaved: false,
    keptHere: false,
    carets: [],
  };
  #listener = () => undefined as void;
  subscribe(listener: () => void) {
    this.#listener = listener;
    return () => undefined;
  }
  putBack({ text }: { readonly text: string }) {
    this.text.insert(0, text);
    this.becomes({ status: 'saving', hasUnsaved: true });
    return true;
  }
  becomes(state: Partial<WordsState>) {
    this.state = { ...this.state, ...state };
    this.#listener();
  }
  end() {
    this.hasEnded = true;
    this.#listener();
  }
}

function shelf() {
  const kept = new Map<string, ShelvedWords>();
  const words = new Words();
  const closeWords = vi.fn<() => void>();
  const beginDraft = vi.fn<LostShelfOptions['beginDraft']>().mockResolvedValue(true);
  const forgetDocument = vi.fn<() => Promise<void>>().mockResolvedValue();
  const made = new LostShelf({
    openWords: () => Promise.resolve(words),
    closeWords,
    beginDraft,
    store: {
      keep: (one) => Promise.resolve(kept.set(one.id, one).has(one.id)),
      forget: (one) => Promise.resolve(void kept.delete(one.id)),
      forgetDocument,
      of: () => Promise.resolve([...kept.values()]),
    },
  });
  const add = (text: string, of: Partial<LostWords> = {}) => {
    made.add({ ...lost(text), ...of });
    const one = made.all.at(-1);
    if (one === undefined) throw new Error('nothing is on the shelf');
    return one;
  };
  return { made, kept, words, closeWords, beginDraft, forgetDocument, add };
}

describe('words that are put back', () => {
  it('stay on the shelf until the server has them', async () => {
    const { made, kept, words, closeWords, add } = shelf();
    const one = add('Once.');
    const putting = made.putBack(one);
    await vi.waitFor(() => expect(words.text.toJSON()).toBe('Once.'), 20_000);
    expect(made.all).toHaveLength(1);
    expect(kept.size).toBe(1);
    words.becomes({ status: 'saved', hasUnsaved: false });
    expect(await putting).toBe(true);
    expect(made.all).toEqual([]);
    expect(kept.size).toBe(0);
    expect(closeWords).toHaveBeenCalledOnce();
  });

  it('stay there if the document ends before, which is not closed a second time', async () => {
    const { made, words, closeWords, add } = shelf();
    const one = add('Once.');
    const putting = made.putBack(one);
    await vi.waitFor(() => expect(words.text.toJSON()).toBe('Once.'), 20_000);
    words.end();
    expect(await putting).toBe(false);
    expect(made.all).toHaveLength(1);
    expect(closeWords).not.toHaveBeenCalled();
  });
});

it('keeps each loss of the same take', async () => {
  const { made, kept, forgetDocument, add } = shelf();
  const first = add('Once.');
  const second = add('Twice.');
  expect(made.all.map(({ text }) => text)).toEqual(['Once.', 'Twice.']);
  expect(kept.size).toBe(2);
  await made.letGo(first);
  expect([...kept.keys()]).toEqual([second.id]);
  expect(forgetDocument).not.toHaveBeenCalled();
  await made.letGo(second);
  expect(forgetDocument).toHaveBeenCalledOnce();
});

describe('a draft that could not be saved', () => {
  const over = takeId('01890000-0000-7000-8000-000000000003');

  it('is begun anew, and stays on the shelf if it cannot be', async () => {
    const { made, kept, beginDraft, forgetDocument, add } = shelf();
    const one = add('Once.', { over, why: 'gone', base: null });
    beginDraft.mockResolvedValueOnce(false);
    expect(await made.putBack(one)).toBe(false);
    expect(made.all).toHaveLength(1);
    expect(await made.putBack(one)).toBe(true);
    expect(beginDraft).toHaveBeenLastCalledWith(over, 'Once.');
    expect([made.all, kept.size]).toEqual([[], 0]);
    // The drafts of the story are one document: it is not let go of with one of them.
    expect(forgetDocument).not.toHaveBeenCalled();
  });

  it('is not lost once its words are in a draft', async () => {
    const { made, kept, add } = shelf();
    add('Once.', { over, why: 'gone', base: null });
    add('Twice.', { over, why: 'refused', base: null });
    const words = add('Once.');
    made.seenDrafts([{ words: 'Once.' }]);
    await vi.waitFor(() => expect(kept.size).toBe(2));
    expect(made.all.map(({ text }) => text)).toEqual(['Twice.', 'Once.']);
    made.seen(words.takeId, 'Twice.');
    expect(made.all).toHaveLength(2);
  });
});
