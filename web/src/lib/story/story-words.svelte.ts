// The words of a story's takes: as the server read them for the page, as this device kept them, and
// as they were read again since.
import { SvelteMap } from 'svelte/reactivity';
import type { TakeId } from '#domain/story/ids.ts';
import type { Take } from '#domain/story/take.ts';
import { wordsOfTake } from '../tree/fetch-take.ts';

export class StoryWords {
  readonly all: SvelteMap<TakeId, string>;
  #rendered: ReadonlyMap<TakeId, string>;
  /** Takes whose words are from the device: the server's are newer. */
  readonly #kept = new Set<TakeId>();
  /** Takes whose words were not ours to read when we last looked. */
  readonly #buried = new Set<TakeId>();

  constructor(rendered: ReadonlyMap<TakeId, string>) {
    this.#rendered = rendered;
    this.all = new SvelteMap(rendered);
  }

  /** Takes over what the device kept of takes that the page knows nothing of. */
  showKept(kept: ReadonlyMap<TakeId, string>): void {
    for (const [id, text] of kept) {
      if (this.all.has(id)) continue;
      this.#kept.add(id);
      this.all.set(id, text);
    }
  }

  /** The server rendered the page anew; what was read again meanwhile stays as it is. */
  refreshed(rendered: ReadonlyMap<TakeId, string>): void {
    const before = this.#rendered;
    this.#rendered = rendered;
    for (const [id, text] of rendered)
      if (this.#kept.delete(id) || this.all.get(id) === before.get(id)) this.all.set(id, text);
  }

  /** Reads the words of takes that are shown again. */
  follow(takes: Iterable<Take>, shown: ReadonlySet<Take>): void {
    for (const take of takes)
      if (!shown.has(take)) this.#buried.add(take.id);
      else if (this.#buried.delete(take.id)) void this.load(take.id);
  }

  /** Reads the words of a take again: it is new, or they were written while this page was open. */
  async load(id: TakeId): Promise<void> {
    const words = await wordsOfTake(id);
    if (words !== undefined) this.all.set(id, words);
  }
}
