// What is on a page alone, and the question that comes before it goes with the page.
import { createContext } from 'svelte';

/** Says what would be lost now, as it is called in a list: "What you wrote". Null if nothing. */
export type OnlyHere = () => string | null;

interface Question {
  /** What would be lost, in words. */
  readonly lost: readonly string[];
  readonly answer: (goes: boolean) => void;
}

export class Leaving {
  /** What the person is asked now; null while they are not. */
  question = $state.raw<Question | null>(null);
  readonly #watched = new Set<OnlyHere>();

  /** Has `what` asked before the page goes; returns what ends that. */
  watch(what: OnlyHere): () => void {
    this.#watched.add(what);
    return () => this.#watched.delete(what);
  }

  /** What would be lost with the page now, in words. */
  get onlyHere(): readonly string[] {
    return [...this.#watched].flatMap((what) => what() ?? []);
  }

  /**
   * Asks whether `lost` may go; without it, whatever is on this page alone. Whoever was asked
   * before and has not answered stays.
   * @returns whether it may: true at once if there is nothing to lose
   */
  ask(lost: readonly string[] = this.onlyHere): Promise<boolean> {
    this.question?.answer(false);
    if (lost.length === 0) return Promise.resolve(true);
    const answered = Promise.withResolvers<boolean>();
    this.question = {
      lost,
      answer: (goes) => {
        this.question = null;
        answered.resolve(goes);
      },
    };
    return answered.promise;
  }
}

/** The root layout's. */
export const [useLeaving, setLeaving] = createContext<Leaving>();
