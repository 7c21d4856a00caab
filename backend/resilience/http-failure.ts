// What the HTTP answers of a service mean.
import { IntegrationError, type IntegrationErrorKind } from './integration-error.ts';

/** Longest pause that we grant a service, in milliseconds. */
const LONGEST_PAUSE_MS = 60 * 60 * 1000;
const DEFAULT_PAUSE_MS = 1_000;

/** The error of an answer that is no success. `detail` is shown in logs: never a secret. */
export function httpFailure(
  service: string,
  answer: { status: number; retryAfter: string | null; detail?: string },
  now: () => number = Date.now,
): IntegrationError {
  const kind = kindOf(answer.status);
  const retryAfterMs = readRetryAfter(answer.retryAfter, now());
  const pause = retryAfterMs ?? (kind === 'rate_limited' ? DEFAULT_PAUSE_MS : undefined);
  return new IntegrationError(kind, {
    service,
    message: `answered ${answer.status}${answer.detail === undefined ? '' : `: ${answer.detail}`}`,
    ...(pause !== undefined && { retryAfterMs: pause }),
  });
}

/** A Retry-After header (seconds, or a date) in milliseconds from now, at most an hour. */
export function readRetryAfter(header: string | null, nowMs: number): number | undefined {
  const text = header?.trim() ?? '';
  if (text === '') return undefined;
  const ms = /^\d+$/u.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), LONGEST_PAUSE_MS);
}

function kindOf(status: number): IntegrationErrorKind {
  if (status === 401 || status === 403) return 'auth';
  if (status === 402) return 'quota';
  if (status === 429) return 'rate_limited';
  return status === 408 || status >= 500 ? 'transient' : 'rejected';
}
