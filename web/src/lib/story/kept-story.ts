// A story on the device of whoever is at its page, for when there is no line later.
import { keepThisPage } from '../offline/kept-page.svelte.ts';
import { TreeKeeper } from '../offline/kept-tree.ts';
import type { LiveStory } from '../live/live-story.svelte.ts';
import type { StoryWords } from './story-words.svelte.ts';

export class KeptStory {
  readonly #live: LiveStory;
  readonly #words: StoryWords;
  #keeper: TreeKeeper;

  constructor(live: LiveStory, words: StoryWords) {
    this.#live = live;
    this.#words = words;
    this.#keeper = this.#newKeeper();
  }

  /** Shows what this person saw of the story last, if that is newer than the page. */
  async show(): Promise<void> {
    const kept = await this.#keeper.read();
    if (kept === null) return;
    this.#live.showKept(kept.view);
    this.#words.showKept(kept.words);
  }

  /** Keeps the tree as it is now, or lets go of it if the story was deleted. Call it in an effect. */
  keep(): void {
    if (this.#live.deleted) {
      // A device that cannot let go of it shows what it has seen, and that is all.
      void this.#keeper.forget().catch(() => undefined);
      // The service worker asks for the page again, and lets go of it as well.
      keepThisPage();
      return;
    }
    if (this.#live.connection !== 'live' || this.#live.takes.length === 0) return;
    if ((this.#live.person?.id ?? null) !== this.#keeper.personId) {
      this.#keeper.stop();
      this.#keeper = this.#newKeeper();
    }
    this.#keeper.keep({ view: this.#live.view, words: new Map(this.#words.all) });
  }

  stop(): void {
    this.#keeper.stop();
  }

  #newKeeper(): TreeKeeper {
    return new TreeKeeper(this.#live.storyId, this.#live.person?.id ?? null);
  }
}
