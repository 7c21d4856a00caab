// How much of something may be used at once, and how much again with time.

export interface Rate {
  readonly atOnce: number;
  readonly perSecond: number;
}

/** A token bucket: full at first, filled again at its rate. */
export class Bucket {
  readonly #rate: Rate;
  readonly #now: () => number;
  #left: number;
  #filledMs: number;

  constructor(rate: Rate, now: () => number = Date.now) {
    this.#rate = rate;
    this.#now = now;
    this.#left = rate.atOnce;
    this.#filledMs = now();
  }

  /** Takes an amount; false, and nothing taken, if there is not enough. */
  take(amount: number): boolean {
    const now = this.#now();
    const { atOnce, perSecond } = this.#rate;
    // A clock that was set back must not empty it.
    const passedS = Math.max(0, now - this.#filledMs) / 1_000;
    this.#left = Math.min(atOnce, this.#left + passedS * perSecond);
    this.#filledMs = now;
    if (amount > this.#left) return false;
    this.#left -= amount;
    return true;
  }
}
