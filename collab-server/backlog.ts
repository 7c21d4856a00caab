// What waits unsent for one reader, and when that is too much.
import type { Limits } from './limits.ts';

export class Backlog {
  readonly #limits: Limits['backlog'];
  /** The largest frame of those that wait, if it is a document rather than a change of one, bytes. */
  #whole = 0;
  /** Since when more waits than should, milliseconds; null if it does not. */
  #slowSinceMs: number | null = null;

  constructor(limits: Limits['backlog']) {
    this.#limits = limits;
  }

  /**
   * Notes that a frame was handed to the wire, where `waitingBytes` wait now. A large document is
   * one frame: it may wait whatever its size, or nobody could ever open it.
   * @returns true if more waits than may
   */
  sent(frameBytes: number, waitingBytes: number): boolean {
    const { long, most } = this.#limits;
    if (frameBytes > long) this.#whole = Math.max(this.#whole, frameBytes);
    if (waitingBytes <= long) this.#whole = 0;
    return waitingBytes - this.#whole > most;
  }

  /** @returns true if much has waited for longer than whatever it is may take to leave */
  isStuck(waitingBytes: number, nowMs: number): boolean {
    const { long, longMs } = this.#limits;
    if (waitingBytes <= long) {
      this.#slowSinceMs = null;
      this.#whole = 0;
      return false;
    }
    this.#slowSinceMs ??= nowMs;
    return nowMs - this.#slowSinceMs > longMs * Math.max(1, this.#whole / long);
  }
}
