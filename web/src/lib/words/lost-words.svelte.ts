// Words that a page could not get saved: whose they are, where they are, and the way back.
import { SvelteMap } from 'svelte/reactivity';
import type { TakeId } from '#domain/story/ids.ts';
import type { Self } from '../live/room-client.ts';
import type { Ended, WordsDocument } from './words-document.ts';

/** What was set aside of the words of one take. */
export interface LostWords extends Ended {
  readonly takeId: TakeId;
  /** Who wrote them: nobody else is ever given them. */
  readonly person: NonNullable<Self>;
  /** 'session': whoever wrote them is not here any more. 'refused': the server did not take them. */
  readonly why: 'session' | 'refused';
}

/** How long the words may take to open for writing before they are put back, milliseconds. */
const OPEN_MS = 30_000;

/** Where lost words outlive the page, if they are not in the device's copy of the document. */
export interface LostStore {
  /** Resolves with whether they are on the device. */
  keep(lost: LostWords): Promise<boolean>;
  /** Lets go of them, and of the device's copy of the document that they were in. */
  forget(lost: LostWords): Promise<void>;
  /** What this person lost in this story on this device. */
  of(personId: string): Promise<LostWords[]>;
}

export interface LostShelfOptions {
  openWords(takeId: TakeId): Promise<WordsDocument>;
  closeWords(takeId: TakeId): void;
  readonly store: LostStore;
}

export class LostShelf {
  readonly #lost = new SvelteMap<TakeId, LostWords>();
  readonly #options: LostShelfOptions;

  constructor(options: LostShelfOptions) {
    this.#options = options;
  }

  get all(): readonly LostWords[] {
    return [...this.#lost.values()];
  }

  /** True if closing the page now would lose what is here for good. */
  get wouldLose(): boolean {
    return this.all.some(({ keptHere }) => !keptHere);
  }

  add(lost: LostWords): void {
    this.#lost.set(lost.takeId, lost);
    if (!lost.keptHere) void this.#keep(lost);
  }

  /** Brings what this person lost on an earlier page. */
  async load(personId: string): Promise<void> {
    for (const lost of await this.#options.store.of(personId))
      if (!this.#lost.has(lost.takeId)) this.#lost.set(lost.takeId, lost);
  }

  /** Whoever wrote them has no need of them any more. */
  async letGo(lost: LostWords): Promise<void> {
    this.#lost.delete(lost.takeId);
    await this.#options.store.forget(lost);
  }

  async #keep(lost: LostWords): Promise<void> {
    const keptHere = await this.#options.store.keep(lost).catch(() => false);
    if (keptHere && this.#lost.get(lost.takeId) === lost)
      this.#lost.set(lost.takeId, { ...lost, keptHere });
  }

  /** Whoever wrote them is back, and what the device kept is sent without further ado. */
  returned(personId: string): void {
    for (const { takeId, person, why, keptHere } of this.all)
      if (person.id === personId && why === 'session' && keptHere) this.#lost.delete(takeId);
  }

  /** The words of a take are these now: if they are what was lost, nothing was. */
  seen(takeId: TakeId, text: string): void {
    const lost = this.#lost.get(takeId);
    if (lost?.text === text) void this.letGo(lost);
  }

  /**
   * Puts the words in again, as the person who is here now. @returns false if this person may not
   * write there, or nobody knows any more where the words went
   */
  async putBack(lost: LostWords): Promise<boolean> {
    const document = await this.#options.openWords(lost.takeId);
    try {
      if (!(await isWritable(document))) return false;
      if (document.text.toJSON() !== lost.text && !document.putBack(lost)) return false;
      await this.letGo(lost);
      return true;
    } finally {
      this.#options.closeWords(lost.takeId);
    }
  }
}

/** Resolves once the server lets these words be written, or does not. */
async function isWritable(document: WordsDocument): Promise<boolean> {
  const known = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => known.resolve(false), OPEN_MS);
  const look = () => {
    const { status, writable } = document.state;
    if (document.hasEnded || status === 'forbidden') known.resolve(false);
    else if (writable && (status === 'saved' || status === 'saving')) known.resolve(true);
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
