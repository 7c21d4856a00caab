import * as v from 'valibot';
import type { RequestHandler } from './$types';
import { giveRole } from '#backend/story/change-story.ts';
import { giveRoleSchema } from '#domain/protocol/commands.ts';
import { context } from '#lib/server/context.ts';
import { endpoint, personOf, readBody } from '#lib/server/endpoint.ts';

/** Say what somebody is in a story. */
export const PUT: RequestHandler = endpoint(async (event) => {
  const person = personOf(event);
  const { role } = await readBody(event.request, giveRoleSchema);
  const { db } = await context();
  await giveRole(db, person, event.params.story, { userId: event.params.user, role });
  return new Response(null, { status: 204 });
});

/** Take back what somebody was made. */
export const DELETE: RequestHandler = endpoint(async (event) => {
  const person = personOf(event);
  await readBody(event.request, v.strictObject({}));
  const { db } = await context();
  await giveRole(db, person, event.params.story, { userId: event.params.user, role: null });
  return new Response(null, { status: 204 });
});
