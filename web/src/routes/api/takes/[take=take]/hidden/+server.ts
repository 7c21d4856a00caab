import * as v from 'valibot';
import type { RequestHandler } from './$types';
import { setHidden } from '#backend/story/change-take.ts';
import { context } from '#lib/server/context.ts';
import { endpoint, personOf, readBody } from '#lib/server/endpoint.ts';

/** Hide a take. */
export const PUT: RequestHandler = endpoint(async (event) => {
  const person = personOf(event);
  await readBody(event.request, v.strictObject({}));
  await setHidden(await context(), person, { takeId: event.params.take, hidden: true });
  return new Response(null, { status: 204 });
});

/** Show a hidden take again. */
export const DELETE: RequestHandler = endpoint(async (event) => {
  const person = personOf(event);
  await readBody(event.request, v.strictObject({}));
  await setHidden(await context(), person, { takeId: event.params.take, hidden: false });
  return new Response(null, { status: 204 });
});
