// The one error of everything that is not ours: what went wrong, and so what to do about it.

/**
 * - `transient`: it failed, and may work at once. `timeout`: as that, but it may have been done.
 * - `rate_limited`: it asks for a pause of `retryAfterMs`. `quota`: we have used up our share.
 * - `unavailable`: not called at all, because it failed lately or is busy with our other calls.
 * - `rejected`: this request can never work. `auth`: it refuses our key. `misconfigured`: we
 *   cannot make a request with what we were given.
 */
export type IntegrationErrorKind =
  | 'transient'
  | 'timeout'
  | 'rate_limited'
  | 'quota'
  | 'unavailable'
  | 'rejected'
  | 'auth'
  | 'misconfigured';

export class IntegrationError extends Error {
  override readonly name = 'IntegrationError';
  readonly kind: IntegrationErrorKind;
  readonly service: string;
  /** When trying again makes sense, if that is known. */
  readonly retryAfterMs: number | undefined;

  constructor(
    kind: IntegrationErrorKind,
    facts: { service: string; message: string; retryAfterMs?: number; cause?: unknown },
  ) {
    super(`${facts.service}: ${facts.message}`, { cause: facts.cause });
    this.kind = kind;
    this.service = facts.service;
    this.retryAfterMs = facts.retryAfterMs;
  }

  /** True if the same call may succeed later: queues try again, chains go on to the next. */
  get mayPass(): boolean {
    return ['transient', 'timeout', 'rate_limited', 'unavailable'].includes(this.kind);
  }
}
