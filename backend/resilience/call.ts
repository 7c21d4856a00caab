// One call to a service that is not ours, guarded: it ends in time, is not made while the service
// is down or asks for a pause, and never crowds out the rest of the process.
import {
  bulkhead,
  circuitBreaker,
  CircuitState,
  ConsecutiveBreaker,
  ExponentialBackoff,
  handleWhen,
  isBrokenCircuitError,
  isBulkheadRejectedError,
  isTaskCancelledError,
  retry,
  timeout,
  TimeoutStrategy,
  wrap,
  type BulkheadPolicy,
  type CircuitBreakerPolicy,
  type TimeoutPolicy,
} from 'cockatiel';
import { IntegrationError } from './integration-error.ts';

export interface GuardOptions {
  readonly service: string;
  /** Longest single attempt, milliseconds. */
  readonly timeoutMs: number;
  /** Attempts under way at once; as many more again may wait. Default 8. */
  readonly concurrency?: number;
  /** Second attempts within a call. Jobs leave this at 0, since the queue tries again. */
  readonly inlineRetries?: 0 | 1;
  /** Failures in a row after which the service is left alone. Default 3. */
  readonly failuresToOpen?: number;
  /** How long it is left alone, milliseconds. Default 30 s. */
  readonly openMs?: number;
  readonly now?: () => number;
}

/** A second attempt starts no later than this after the first, in milliseconds. */
const RETRY_BUDGET_MS = 3_000;

/**
 * Guards the calls to one service: pause (after a 429) → retry → breaker → bulkhead → timeout.
 * Only `transient` and `timeout` open the circuit or are tried again; what a caller gives up, and
 * faults of our own, do neither.
 */
export class Guard {
  readonly #options: GuardOptions;
  readonly #now: () => number;
  readonly #breaker: CircuitBreakerPolicy;
  readonly #bulkhead: BulkheadPolicy;
  readonly #timeout: TimeoutPolicy;
  #pausedUntilMs = 0;

  constructor(options: GuardOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    const slots = options.concurrency ?? 8;
    this.#bulkhead = bulkhead(slots, slots);
    this.#breaker = circuitBreaker(handleWhen(isTrouble), {
      breaker: new ConsecutiveBreaker(options.failuresToOpen ?? 3),
      halfOpenAfter: options.openMs ?? 30_000,
    });
    // Aggressive, so that a function that ignores its signal ends on time too.
    this.#timeout = timeout(options.timeoutMs, TimeoutStrategy.Aggressive);
  }

  /** True while calls are let through: not paused, and the circuit not open. */
  get available(): boolean {
    return this.#now() >= this.#pausedUntilMs && this.#breaker.state !== CircuitState.Open;
  }

  /**
   * Calls `attempt`, which must pass its signal on to all I/O.
   * @throws {IntegrationError} the call failed, or was not made
   * @throws the reason of `signal`, if that ended the call; whatever else `attempt` throws
   */
  async call<T>(
    attempt: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal = new AbortController().signal,
  ): Promise<T> {
    signal.throwIfAborted();
    const pauseMs = this.#pausedUntilMs - this.#now();
    if (pauseMs > 0) throw this.#error('rate_limited', 'asked for a pause', pauseMs);
    try {
      return await this.#policies().execute(() => this.#attempt(attempt, signal), signal);
    } catch (error) {
      throw this.#named(error, signal);
    }
  }

  /** Retry is made per call, since its budget is the call's; the rest is shared by all calls. */
  #policies() {
    const started = this.#now();
    const again = handleWhen(
      // Named kinds alone: "all but final" would take in the breaker's own refusal.
      (error) => isTrouble(error) && this.#now() - started < RETRY_BUDGET_MS,
    );
    const retrying = retry(again, {
      maxAttempts: this.#options.inlineRetries ?? 0, // attempts after the first
      backoff: new ExponentialBackoff({ initialDelay: 100, maxDelay: 500 }),
    });
    return wrap(retrying, this.#breaker, this.#bulkhead);
  }

  async #attempt<T>(attempt: (signal: AbortSignal) => Promise<T>, caller: AbortSignal): Promise<T> {
    try {
      return await this.#timeout.execute(({ signal }) => attempt(signal), caller);
    } catch (error) {
      // The policy's cancellation says neither whose it was, so the callers' signal is asked.
      if (caller.aborted) throw caller.reason;
      if (isTaskCancelledError(error)) {
        throw this.#error('timeout', `no answer within ${this.#options.timeoutMs} ms`);
      }
      if (error instanceof IntegrationError && error.kind === 'rate_limited') {
        this.#pausedUntilMs = this.#now() + (error.retryAfterMs ?? 0);
      }
      throw error;
    }
  }

  #named(error: unknown, caller: AbortSignal): unknown {
    if (caller.aborted) return caller.reason;
    if (isBrokenCircuitError(error)) return this.#error('unavailable', 'failed lately');
    if (isBulkheadRejectedError(error)) return this.#error('unavailable', 'too many calls at once');
    return error;
  }

  #error(kind: IntegrationError['kind'], message: string, retryAfterMs?: number) {
    const { service } = this.#options;
    return new IntegrationError(kind, {
      service,
      message,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    });
  }
}

function isTrouble(error: unknown): boolean {
  return (
    error instanceof IntegrationError && (error.kind === 'transient' || error.kind === 'timeout')
  );
}
