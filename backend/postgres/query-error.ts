// What went wrong with a statement, as far as callers act on it.
import { Problem } from '#domain/protocol/problem.ts';

/** A constraint that a statement ran into: its SQLSTATE (`23505`, `23503`, …) and its name. */
export interface BrokenConstraint {
  readonly code: string;
  readonly constraint: string;
}

/** The constraint that refused a statement, or null if something else was wrong. */
export function brokenConstraint(error: unknown): BrokenConstraint | null {
  for (const cause of causes(error)) {
    const { code, constraint } = cause;
    if (typeof code === 'string' && code.startsWith('23') && typeof constraint === 'string') {
      return { code, constraint };
    }
  }
  return null;
}

/** SQLSTATE classes and socket errors that say Postgres cannot be reached or takes no work now. */
const AWAY =
  /^(08...|53...|57P0[1-5]|55P03|57014|ECONN(REFUSED|RESET|ABORTED)|ETIMEDOUT|EPIPE|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH)$/u;
/** What `pg` says without a code. */
const AWAY_WORDS =
  /timeout exceeded when trying to connect|connection terminated|client has encountered a connection error|connection timeout/iu;

/** True if the statement failed because Postgres is away or overloaded: worth another try. */
export function isDatabaseAway(error: unknown): boolean {
  return causes(error).some(
    ({ code, message }) =>
      (typeof code === 'string' && AWAY.test(code)) ||
      (typeof message === 'string' && AWAY_WORDS.test(message)),
  );
}

/**
 * Runs work on the database; if Postgres is away, the person is told so instead of anything else.
 * @throws {Problem} `unavailable`; every other failure passes through
 */
export async function whileReachable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isDatabaseAway(error)) throw error;
    throw new Problem('unavailable', 'We cannot reach our database right now. Try again soon.', {
      cause: error,
    });
  }
}

interface Cause {
  readonly code?: unknown;
  readonly constraint?: unknown;
  readonly message?: unknown;
}

/** The error, what caused it, and so on; of an AggregateError its parts too. */
function causes(error: unknown, depth = 0): Cause[] {
  if (typeof error !== 'object' || error === null || depth > 5) return [];
  const parts: readonly unknown[] = error instanceof AggregateError ? error.errors : [];
  const inner = 'cause' in error ? [error.cause] : [];
  return [error, ...[...parts, ...inner].flatMap((part) => causes(part, depth + 1))];
}
