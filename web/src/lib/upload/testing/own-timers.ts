// Timers of a test's own, which it moves on by hand.
import { onTestFinished, vi } from 'vitest';

/** Longer than all that is waited for here, seconds: what did not happen by then never will. */
const LONGEST_SECONDS = 600;

/**
 * Stops the timers until the test ends.
 * @returns what moves them on until something is so
 */
export function ownTimers(): (isSo: () => boolean) => Promise<void> {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  return async (isSo) => {
    for (let second = 0; !isSo(); second += 1) {
      if (second === LONGEST_SECONDS) throw new Error('ten minutes passed, and it is not so');
      await vi.advanceTimersByTimeAsync(1_000);
    }
  };
}
