// The branches that may be chosen next: what they need first is loaded beside what is played.
import { segmentAt } from '#domain/timeline/grid.ts';
import type { EnginePath } from '../engine.ts';
import { forkOf, type FeedPath } from './feed-path.ts';
import type { Supply } from './supply.ts';

/** Branches whose next segments are loaded before they are chosen, and how many of each. */
const MOST_BRANCHES = 2;
const SEGMENTS_OF_BRANCH = 2;

export class LikelyBranches {
  readonly #supply: Pick<Supply, 'prefetch'>;
  #paths: readonly EnginePath[] = [];
  #isLoading = false;

  constructor(supply: Pick<Supply, 'prefetch'>) {
    this.#supply = supply;
  }

  /** Takes the place of what was likely before. */
  offer(paths: readonly EnginePath[]): void {
    this.#paths = paths.slice(0, MOST_BRANCHES);
  }

  /**
   * Loads what they need from where they part with `path`, or from `soonSamples`, one after the
   * other. What did not come once is asked for when it is chosen, or offered again.
   */
  async load(path: FeedPath, soonSamples: () => number, signal: AbortSignal): Promise<void> {
    if (this.#isLoading) return;
    this.#isLoading = true;
    for (const likely of this.#paths) {
      const soon = segmentAt(soonSamples());
      const came = await this.#supply.prefetch(
        likely,
        (other) => ({ index: Math.max(forkOf(path, other), soon), count: SEGMENTS_OF_BRANCH }),
        signal,
      );
      if (!came && !signal.aborted) this.#paths = this.#paths.filter((one) => one !== likely);
    }
    this.#isLoading = false;
  }
}
