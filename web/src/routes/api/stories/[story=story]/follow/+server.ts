import type { RequestHandler } from './$types';
import { follow, unfollow } from '#backend/notifications/follow.ts';
import { context } from '#lib/server/context.ts';
import { endpoint, personOf } from '#lib/server/endpoint.ts';

export const PUT: RequestHandler = endpoint(async (event) => {
  const { db } = await context();
  await follow(db, personOf(event).id, event.params.story);
  return new Response(null, { status: 204 });
});

export const DELETE: RequestHandler = endpoint(async (event) => {
  const { db } = await context();
  await unfollow(db, personOf(event).id, event.params.story);
  return new Response(null, { status: 204 });
});
