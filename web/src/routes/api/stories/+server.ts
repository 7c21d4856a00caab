import { json } from '@sveltejs/kit';
import * as v from 'valibot';
import type { RequestHandler } from './$types';
import { plantStory } from '#backend/story/plant.ts';
import { context } from '#lib/server/context.ts';
import { endpoint, personOf, readBody } from '#lib/server/endpoint.ts';

/** Plant a story. The same command sent again answers as the first did. */
export const POST: RequestHandler = endpoint(async (event) => {
  const person = personOf(event);
  const command = await readBody(event.request, v.unknown());
  return json(await plantStory(await context(), person, command), { status: 201 });
});
