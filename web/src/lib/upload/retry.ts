// Trying again after the network dropped: waits that grow, with jitter, until the owner gives up.
import { Unreachable } from './api.ts';

export interface RetryOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told before each wait: how long it will be, in milliseconds. */
  readonly onwait?: (waitMs: number) => void;
  readonly sleep?: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
  readonly random?: () => number;
}

const MOST_TRIES = 6;
const FIRST_WAIT_MS = 500;

/**
 * Runs `step` up to six times (about 15 s of waiting in all) while it throws Unreachable. Any
 * other error, and the last Unreachable, are thrown on. The step must be idempotent.
 */
export async function retrying<T>(step: () => Promise<T>, options: RetryOptions = {}): Promise<T> {
  const { signal, onwait, sleep = sleepFor, random = Math.random } = options;
  for (let tried = 1; ; tried++) {
    try {
      signal?.throwIfAborted();
      return await step();
    } catch (error) {
      if (!(error instanceof Unreachable) || tried === MOST_TRIES) throw error;
      const waitMs = FIRST_WAIT_MS * 2 ** (tried - 1) * (0.5 + random() / 2);
      onwait?.(waitMs);
      await sleep(waitMs, signal);
    }
  }
}

/** Resolves after `ms`; rejects with the signal's reason as soon as it aborts. */
export function sleepFor(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', abort, { once: true });
  });
}
