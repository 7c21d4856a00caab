// What is told of many values.

/** The value that `share` (0 to 1) of the others lie below; NaN of no values. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => percentile(values, 0.5);

/** Three digits after the point: more is noise. */
export const rounded = (value: number): number => Math.round(value * 1_000) / 1_000;

/** Width of a histogram's bins and how far they reach, milliseconds. */
const BIN_MS = 0.002;
const REACH_MS = 2_000;

/** Millions of latencies in four megabytes; what is beyond two seconds counts as two. */
export class Histogram {
  readonly #bins = new Uint32Array(REACH_MS / BIN_MS);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(ms: number, times = 1): void {
    const bin = Math.min(this.#bins.length - 1, Math.max(0, Math.floor(ms / BIN_MS)));
    this.#bins[bin] = (this.#bins[bin] ?? 0) + times;
    this.#count += times;
  }

  /** As {@link percentile}, milliseconds; 0 of no values. */
  percentile(share: number): number {
    const wanted = this.#count * share;
    let seen = 0;
    const bin = this.#bins.findIndex((times) => (seen += times) > wanted);
    return rounded(Math.max(0, bin) * BIN_MS);
  }
}
