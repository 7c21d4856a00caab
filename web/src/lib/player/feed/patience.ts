// How long to wait before the network is tried again: longer each time, or until it is back.

const FIRST_WAIT_MS = 400;
const LONGEST_WAIT_MS = 8_000;

/** Where the browser says that it is on the line again. */
export type LineEvents = Pick<EventTarget, 'addEventListener' | 'removeEventListener'>;

export interface PatienceOptions {
  readonly random?: () => number;
  readonly line?: LineEvents;
}

/** How long to wait after `failures` in a row, milliseconds: doubled each time, with jitter. */
export function waitAfter(failures: number, random: () => number = Math.random): number {
  const most = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(16, failures - 1));
  return most * (0.5 + random() / 2);
}

/**
 * Resolves after the wait for so many failures, or as soon as the browser is on the line again;
 * rejects with the signal's reason once it aborts.
 */
export function waitForLine(
  failures: number,
  signal: AbortSignal,
  { random, line = globalThis }: PatienceOptions = {},
): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      line.removeEventListener('online', go);
      signal.removeEventListener('abort', give);
    };
    const go = (): void => {
      stop();
      resolve();
    };
    const give = (): void => {
      stop();
      reject(signal.reason);
    };
    const timer = setTimeout(go, waitAfter(failures, random));
    line.addEventListener('online', go);
    signal.addEventListener('abort', give);
    if (signal.aborted) give();
  });
}
