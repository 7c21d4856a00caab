// What every endpoint under /api shares: typed refusals, bounded bodies, and who is asking.
import type { RequestEvent } from '@sveltejs/kit';
import * as v from 'valibot';
import { Problem } from '#domain/protocol/problem.ts';
import type { Voice } from '#domain/story/take.ts';
import { webLog } from './web-log.ts';
import { logFault, problemOf, problemResponse } from './fault.ts';

/** Largest JSON body, bytes: words of 5 000 characters fit with room to spare. */
const MAX_JSON_BYTES = 64 * 1024;

/** Wraps an endpoint: what it throws is answered as a typed refusal with a reference. */
export function endpoint<E extends RequestEvent>(
  handle: (event: E) => Promise<Response>,
): (event: E) => Promise<Response> {
  return async (event) => {
    try {
      return await handle(event);
    } catch (error) {
      const problem = problemOf(error);
      const { ref } = event.locals;
      const { method } = event.request;
      logFault(webLog(), { error, problem }, { ref, method, route: event.route.id });
      return problemResponse(problem, ref);
    }
  };
}

/**
 * The request's body, parsed. An empty body counts as `{}`.
 * @throws {Problem} `bad_request` if it is not JSON of that shape, `too_large` beyond 64 KiB
 */
export async function readBody<S extends v.GenericSchema>(
  request: Request,
  schema: S,
): Promise<v.InferOutput<S>> {
  const text = await readText(request);
  return v.parse(schema, text === '' ? {} : parseJson(text));
}

/** Who asks. @throws {Problem} `unauthenticated` without a session */
export function personOf({ locals }: RequestEvent): Voice {
  if (locals.user !== null) return locals.user;
  throw new Problem('unauthenticated', 'Give yourself a name first, then try again.');
}

async function readText(request: Request): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_JSON_BYTES) throw new Problem('too_large', 'That is more text than we take.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Problem('bad_request', 'The request is not JSON.', { cause: error });
  }
}
