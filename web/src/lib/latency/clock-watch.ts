// Whether a device's clock and the page's ran at one pace while a take was recorded.

/** How long each of the two stretches is whose arrivals are compared, milliseconds. */
const STRETCH_MS = 4_000;
/** Of less than this nothing is said: a machine that is busy at the beginning looks like drift. */
const LEAST_MS = 10_000;
/** What the clocks may differ by: a block of the capture, or this share of the take. */
const ONE_BURST_MS = 43;
const SHARE = 0.0025;

interface Arrival {
  readonly frameMs: number;
  /** The page's clock minus the device's. */
  readonly aheadMs: number;
}

/**
 * Compares the audio clock with the page's by when blocks arrive. A busy page hears of a block late
 * but never early, so of each stretch the promptest arrival counts.
 */
export class ClockWatch {
  readonly #rate: number;
  #firstMs: number | null = null;
  #earliest = Infinity;
  /** Of the last stretch, those that no later one is prompter than. */
  #latest: Arrival[] = [];
  #lengthMs = 0;

  constructor(rate: number) {
    this.#rate = rate;
  }

  /** A block is here whose last frame is before `endFrame`, at `nowMs` of the page's clock. */
  push(endFrame: number, nowMs: number): void {
    const frameMs = (endFrame * 1_000) / this.#rate;
    const aheadMs = nowMs - frameMs;
    this.#firstMs ??= frameMs;
    this.#lengthMs = frameMs - this.#firstMs;
    if (this.#lengthMs <= STRETCH_MS) this.#earliest = Math.min(this.#earliest, aheadMs);
    const prompter = this.#latest.filter((arrival) => arrival.aheadMs < aheadMs);
    this.#latest = [...prompter, { frameMs, aheadMs }].filter(
      (arrival) => frameMs - arrival.frameMs <= STRETCH_MS,
    );
  }

  /**
   * By how much more the page's clock advanced than the device's, milliseconds; negative where it
   * was less, and 0 while that is not more than it may be.
   */
  get driftMs(): number {
    const [promptest] = this.#latest;
    if (promptest === undefined || this.#lengthMs < LEAST_MS) return 0;
    const driftMs = Math.round(promptest.aheadMs - this.#earliest);
    return Math.abs(driftMs) > Math.max(ONE_BURST_MS, SHARE * this.#lengthMs) ? driftMs : 0;
  }
}
