// Turns whatever was thrown into what a person is told, and what our log keeps.
import { json } from '@sveltejs/kit';
import * as v from 'valibot';
import { Problem } from '#domain/protocol/problem.ts';
import type { Logger } from '#backend/log.ts';

/** What people are told when the fault is ours. */
const OUR_FAULT =
  'Something broke on our side. Nothing that was saved is lost. Try again in a moment.';

/** A refusal for people: the one thrown, one for input that does not parse, or `internal`. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof v.ValiError) {
    const where = error.issues.map((issue) => v.getDotPath(issue)).find((path) => path !== null);
    const what = where === undefined ? 'The request' : `“${where}” in the request`;
    return new Problem('bad_request', `${what} is not as it should be.`, { cause: error });
  }
  return new Problem('internal', OUR_FAULT, { cause: error });
}

/** Writes a failure down: refusals quietly, our own faults with everything we know. */
export function logFault(
  log: Logger,
  { error, problem }: { error: unknown; problem: Problem },
  request: { ref: string; method: string; route: string | null },
): void {
  if (problem.status >= 500) log.error({ err: error, ...request }, 'a request failed');
  else log.debug({ code: problem.code, ...request }, 'a request was refused');
}

/** The typed JSON body of a refusal. */
export function problemResponse(problem: Problem, ref: string): Response {
  return json(problem.toBody(ref), {
    status: problem.status,
    headers: {
      'cache-control': 'no-store',
      ...(problem.code === 'unavailable' && { 'retry-after': '2' }),
    },
  });
}
