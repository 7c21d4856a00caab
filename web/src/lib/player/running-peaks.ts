// Peaks of samples that are still arriving, as the worker takes them of whole takes.

/** Signed 8-bit min/max pairs that grow with what is pushed: 100 a second at 48 kHz. */
export class RunningPeaks {
  readonly #samplesPerPair: number;
  #pairs = new Int8Array(4_096);
  #samples = 0;

  constructor(samplesPerPair = 480) {
    this.#samplesPerPair = samplesPerPair;
  }

  /** All pairs so far; later pushes may still widen the last one. */
  get pairs(): Int8Array<ArrayBuffer> {
    return this.#pairs.subarray(0, 2 * Math.ceil(this.#samples / this.#samplesPerPair));
  }

  push(samples: Float32Array): void {
    this.#makeRoom(this.#samples + samples.length);
    const pairs = this.#pairs;
    for (const sample of samples) {
      const pair = 2 * Math.floor(this.#samples++ / this.#samplesPerPair);
      const value = Math.max(-128, Math.min(127, Math.round(sample * 127)));
      pairs[pair] = Math.min(pairs[pair] ?? 0, value);
      pairs[pair + 1] = Math.max(pairs[pair + 1] ?? 0, value);
    }
  }

  #makeRoom(samples: number): void {
    const needed = 2 * Math.ceil(samples / this.#samplesPerPair);
    if (needed <= this.#pairs.length) return;
    const larger = new Int8Array(Math.max(needed, 2 * this.#pairs.length));
    larger.set(this.#pairs);
    this.#pairs = larger;
  }
}
