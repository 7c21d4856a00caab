import * as v from 'valibot';
import type { RequestHandler } from './$types';
import { setDeleted } from '#backend/story/delete-story.ts';
import { context } from '#lib/server/context.ts';
import { endpoint, personOf, readBody } from '#lib/server/endpoint.ts';

/** Delete a story. */
export const PUT: RequestHandler = endpoint(async (event) => {
  const person = personOf(event);
  await readBody(event.request, v.strictObject({}));
  const { db } = await context();
  await setDeleted(db, person, { storyId: event.params.story, deleted: true });
  return new Response(null, { status: 204 });
});

/** Bring a deleted story back. */
export const DELETE: RequestHandler = endpoint(async (event) => {
  const person = personOf(event);
  await readBody(event.request, v.strictObject({}));
  const { db } = await context();
  await setDeleted(db, person, { storyId: event.params.story, deleted: false });
  return new Response(null, { status: 204 });
});
