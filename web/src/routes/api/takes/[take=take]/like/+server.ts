import * as v from 'valibot';
import type { RequestHandler } from './$types';
import { setLiked } from '#backend/story/change-take.ts';
import { context } from '#lib/server/context.ts';
import { endpoint, personOf, readBody } from '#lib/server/endpoint.ts';

/** Like a take; who likes is who asks. */
export const PUT: RequestHandler = endpoint(async (event) => {
  const person = personOf(event);
  await readBody(event.request, v.strictObject({}));
  const { db } = await context();
  await setLiked(db, person, { takeId: event.params.take, liked: true });
  return new Response(null, { status: 204 });
});

/** Take a like back. */
export const DELETE: RequestHandler = endpoint(async (event) => {
  const person = personOf(event);
  await readBody(event.request, v.strictObject({}));
  const { db } = await context();
  await setLiked(db, person, { takeId: event.params.take, liked: false });
  return new Response(null, { status: 204 });
});
