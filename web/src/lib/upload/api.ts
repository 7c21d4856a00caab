// Calls to our own HTTP interface: every answer is parsed, every failure has a type.
import * as v from 'valibot';
import { problemCodes, problemSchema } from '#domain/protocol/problem.ts';

/** What a server says no with. It may be newer than this page: then its words alone say why. */
const refusalSchema = v.object({
  error: v.object({
    ...problemSchema.entries.error.entries,
    code: v.fallback(v.picklist([...problemCodes, 'unknown']), 'unknown'),
  }),
});
export type Refusal = v.InferOutput<typeof refusalSchema>['error'];

/** The server was not reached, or it broke: the same call may succeed later. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
}

/** The server understood and said no: the same call will not succeed. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly status: number;
  readonly problem: Refusal;
  constructor(status: number, problem: Refusal) {
    super(problem.message);
    this.status = status;
    this.problem = problem;
  }
}

/** How long an answer may take, milliseconds: the server reads a whole upload before it says yes. */
const ANSWER_MS = 60_000;

export interface ApiOptions {
  readonly signal?: AbortSignal | undefined;
  /** How long the answer may take; a minute if left out. */
  readonly answerMs?: number;
  readonly fetch?: typeof globalThis.fetch;
}

/**
 * Sends one request and parses its answer.
 * @throws {Refused} with the server's own words
 * @throws {Unreachable} no answer in time, a 5xx, or an answer that is not ours
 */
export async function callApi<T extends v.GenericSchema>(
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  { body, answer }: { body?: unknown; answer: T },
  { signal, answerMs = ANSWER_MS, fetch = globalThis.fetch }: ApiOptions = {},
): Promise<v.InferOutput<T>> {
  const late = AbortSignal.timeout(answerMs);
  const response = await reach(signal, () =>
    fetch(path, {
      method,
      signal: signal === undefined ? late : AbortSignal.any([signal, late]),
      headers: { accept: 'application/json', 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }),
  );
  const json: unknown = await reach(signal, () => jsonOf(response));
  if (!response.ok) throw refusal(response.status, json);
  const parsed = v.safeParse(answer, json);
  if (!parsed.success) throw new Unreachable(`an answer of ${path} that we do not know`);
  return parsed.output;
}

/** Runs a network step; a failure that is not the caller's own abort becomes Unreachable. */
async function reach<T>(signal: AbortSignal | undefined, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    signal?.throwIfAborted();
    throw new Unreachable('the network dropped', { cause: error });
  }
}

async function jsonOf(response: Response): Promise<unknown> {
  const text = await response.text();
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson()), text);
  return parsed.success ? parsed.output : null;
}

function refusal(status: number, json: unknown): Refused | Unreachable {
  const parsed = v.safeParse(refusalSchema, json);
  if (status >= 500 || !parsed.success)
    return new Unreachable(`the server answered ${status}`, { cause: json });
  return new Refused(status, parsed.output.error);
}
