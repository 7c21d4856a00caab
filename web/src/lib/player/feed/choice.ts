/** A path that was chosen and is not heard yet. */
export class Choice {
  /** Another branch is waited for; what is only mixed anew is not. */
  readonly isBranch: boolean;
  /** The first segment that is its own; null until the path is known. */
  index: number | null = null;
  readonly #atMs = performance.now();

  constructor({ isBranch }: { isBranch: boolean }) {
    this.isBranch = isBranch;
  }

  /** For whoever measures: its own sound is held, so long after it was chosen. */
  measure(): void {
    performance.measure('tap-story:path-held', { start: this.#atMs, end: performance.now() });
  }
}
