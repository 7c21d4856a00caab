// Work that has to succeed some time, because nobody would ask for it again.
import { setTimeout as sleepFor } from 'node:timers/promises';

const RETRY_MS = [100, 250, 500, 1_000, 2_000] as const;

export interface RetryOptions {
  /** False once nobody needs the work any more. */
  readonly isWanted: () => boolean;
  readonly onFailure: (error: unknown, failures: number) => void;
  readonly sleep?: ((ms: number) => Promise<unknown>) | undefined;
}

/** Runs work until it succeeds or is not wanted, waiting 100 ms to 2 s between attempts. */
export async function untilDone(
  work: () => Promise<unknown>,
  { isWanted, onFailure, sleep = sleepFor }: RetryOptions,
): Promise<void> {
  for (let failures = 0; isWanted(); failures += 1) {
    try {
      await work();
      return;
    } catch (error) {
      onFailure(error, failures);
      await sleep(RETRY_MS[Math.min(failures, RETRY_MS.length - 1)] ?? 2_000);
    }
  }
}
