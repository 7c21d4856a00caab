import { json } from '@sveltejs/kit';
import * as v from 'valibot';
import type { RequestHandler } from './$types';
import { branchStory } from '#backend/story/branch.ts';
import { context } from '#lib/server/context.ts';
import { endpoint, personOf, readBody } from '#lib/server/endpoint.ts';

/** Branch a story. The same command sent again answers as the first did. */
export const POST: RequestHandler = endpoint(async (event) => {
  const person = personOf(event);
  const command = await readBody(event.request, v.unknown());
  const published = await branchStory(await context(), person, event.params.story, command);
  return json(published, { status: 201 });
});
