import type { RequestHandler } from './$types';
import { changeStory } from '#backend/story/change-story.ts';
import { changeStorySchema } from '#domain/protocol/commands.ts';
import { context } from '#lib/server/context.ts';
import { endpoint, personOf, readBody } from '#lib/server/endpoint.ts';

/** Give a story another title, or say who may branch it. */
export const PATCH: RequestHandler = endpoint(async (event) => {
  const person = personOf(event);
  const command = await readBody(event.request, changeStorySchema);
  const { db } = await context();
  await changeStory(db, person, event.params.story, command);
  return new Response(null, { status: 204 });
});
