// Words and drafts that a page could not get saved: whose they are, where they are, and the way
// back.
import { SvelteMap } from 'svelte/reactivity';
import type { TakeId } from '#domain/story/ids.ts';
import type { Self } from '../live/room-client.ts';
import type { Ended, WordsDocument, WordsState } from './words-document.ts';

/** What was set aside of the words of one take, or of a draft. */
export interface LostWords extends Ended {
  /** The take; of a draft, the one that it would have become. */
  readonly takeId: TakeId;
  /** The take that a draft was written over; null for the words of a take. */
  readonly over: TakeId | null;
  /** Who wrote them: nobody else is ever given them. */
  readonly person: NonNullable<Self>;
  /**
   * 'session': whoever wrote them is not here any more. 'refused': the server did not take them.
   * 'gone': the draft that they are in was published or discarded on another device.
   */
  readonly why: 'session' | 'refused' | 'gone';
}

/** Words on the shelf; the same take may have lost some more than once. */
export interface ShelvedWords extends LostWords {
  readonly id: string;
}

/** How long the words may take to open for writing before they are put back, milliseconds. */
const OPEN_MS = 30_000;

/** Where lost words outlive the page, if they are not in the device's copy of the document. */
export interface LostStore {
  /** Resolves with whether they are on the device. */
  keep(lost: ShelvedWords): Promise<boolean>;
  /** Lets go of them. */
  forget(lost: ShelvedWords): Promise<void>;
  /** Lets go of the device's copy of the document that they were in. */
  forgetDocument(lost: ShelvedWords): Promise<void>;
  /** What this person lost in this story on this device. */
  of(personId: string): Promise<ShelvedWords[]>;
}

/** What putting words back needs of their document. */
type OpenWords = Pick<WordsDocument, 'text' | 'state' | 'hasEnded' | 'subscribe' | 'putBack'>;

export interface LostShelfOptions {
  openWords(takeId: TakeId): Promise<OpenWords>;
  closeWords(takeId: TakeId): void;
  /**
   * Begins a draft of whoever is here; resolves once it is kept or saved, with whether it could be
   * begun.
   */
  beginDraft(over: TakeId, words: string): Promise<boolean>;
  readonly store: LostStore;
}

export class LostShelf {
  readonly #lost = new SvelteMap<string, ShelvedWords>();
  readonly #options: LostShelfOptions;

  constructor(options: LostShelfOptions) {
    this.#options = options;
  }

  get all(): readonly ShelvedWords[] {
    return [...this.#lost.values()];
  }

  /** True if closing the page now would lose what is here for good. */
  get wouldLose(): boolean {
    return this.all.some(({ keptHere }) => !keptHere);
  }

  add(words: LostWords): void {
    const lost = { ...words, id: crypto.randomUUID() };
    this.#lost.set(lost.id, lost);
    if (!lost.keptHere) void this.#keep(lost);
  }

  /** Brings what this person lost on an earlier page. */
  async load(personId: string): Promise<void> {
    for (const lost of await this.#options.store.of(personId))
      if (!this.#lost.has(lost.id)) this.#lost.set(lost.id, lost);
  }

  /** Whoever wrote them has no need of them any more. */
  async letGo(lost: ShelvedWords): Promise<void> {
    this.#lost.delete(lost.id);
    await this.#options.store.forget(lost);
    if (lost.over !== null) return;
    // Other words that were lost there may be in the device's copy alone.
    const { takeId, person } = lost;
    const isLast = !this.all.some(
      (one) => one.over === null && one.takeId === takeId && one.person.id === person.id,
    );
    if (isLast) await this.#options.store.forgetDocument(lost);
  }

  async #beginAnew(lost: ShelvedWords, over: TakeId): Promise<boolean> {
    if (!(await this.#options.beginDraft(over, lost.text))) return false;
    await this.letGo(lost);
    return true;
  }

  async #keep(lost: ShelvedWords): Promise<void> {
    const keptHere = await this.#options.store.keep(lost).catch(() => false);
    if (keptHere && this.#lost.get(lost.id) === lost)
      this.#lost.set(lost.id, { ...lost, keptHere });
  }

  /** Whoever wrote them is back, and what the device kept is sent without further ado. */
  returned(personId: string): void {
    for (const { id, person, why, keptHere } of this.all)
      if (person.id === personId && why === 'session' && keptHere) this.#lost.delete(id);
  }

  /** The words of a take are these now: if they are what was lost, nothing was. */
  seen(takeId: TakeId, text: string): void {
    for (const lost of this.all)
      if (lost.over === null && lost.takeId === takeId && lost.text === text) void this.letGo(lost);
  }

  /** These are the drafts of whoever is here: what is in one of them is not lost. */
  seenDrafts(drafts: readonly { readonly words: string }[]): void {
    for (const lost of this.all)
      if (lost.over !== null && drafts.some(({ words }) => words === lost.text))
        void this.letGo(lost);
  }

  /**
   * Puts the words in again, as the person who is here now, and lets go of them once the server has
   * them. @returns false if this person may not write there, or nobody knows any more where the
   * words went
   */
  async putBack(lost: ShelvedWords): Promise<boolean> {
    if (lost.over !== null) return this.#beginAnew(lost, lost.over);
    const document = await this.#options.openWords(lost.takeId);
    try {
      if (!(await within(OPEN_MS, document, isWritable))) return false;
      if (document.text.toJSON() !== lost.text && !document.putBack(lost)) return false;
      if (!(await within(Infinity, document, isSaved))) return false;
      await this.letGo(lost);
      return true;
    } finally {
      // Of one that has ended nobody holds anything, and another may be open in its place.
      if (!document.hasEnded) this.#options.closeWords(lost.takeId);
    }
  }
}

function isWritable({ status, writable }: WordsState): boolean {
  return writable && (status === 'saved' || status === 'saving');
}

function isSaved({ status, hasUnsaved }: WordsState): boolean {
  return status === 'saved' && !hasUnsaved;
}

/** Resolves with true once this is so, and with false if it never will be, or not in time. */
async function within(
  ms: number,
  document: OpenWords,
  isSo: (state: WordsState) => boolean,
): Promise<boolean> {
  const known = Promise.withResolvers<boolean>();
  const timer = ms === Infinity ? undefined : setTimeout(() => known.resolve(false), ms);
  const look = () => {
    if (document.hasEnded || document.state.status === 'forbidden') known.resolve(false);
    else if (isSo(document.state)) known.resolve(true);
  };
  const unsubscribe = document.subscribe(look);
  look();
  try {
    return await known.promise;
  } finally {
    unsubscribe();
    clearTimeout(timer);
  }
}
