import { hushes, type EnginePath } from '../engine.ts';

/** A path that was chosen and is not heard yet. */
export class Choice {
  /** Another branch is waited for, or a voice must sound no more; what is only mixed anew can wait. */
  readonly isUrgent: boolean;
  /** The first segment that is its own; null until the path is known. */
  index: number | null = null;
  readonly #atMs = performance.now();

  /** @param unheard the choice in whose place this one is made, which is not heard yet either */
  constructor(
    path: EnginePath,
    { before, unheard }: { before: EnginePath | null; unheard: Choice | null },
  ) {
    const isOther = before !== null && before.leaf !== path.leaf;
    this.isUrgent = isOther || hushes(path, before) || unheard?.isUrgent === true;
  }

  /** For whoever measures: its own sound is held, so long after it was chosen. */
  measure(): void {
    performance.measure('tap-story:path-held', { start: this.#atMs, end: performance.now() });
  }
}
