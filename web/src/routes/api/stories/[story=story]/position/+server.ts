import type { RequestHandler } from './$types';
import { keepPosition, readPosition } from '#backend/listening/positions.ts';
import { positionSchema } from '#domain/protocol/listening.ts';
import { context } from '#lib/server/context.ts';
import { endpoint, personOf, readBody } from '#lib/server/endpoint.ts';

/** Where the person is in the story, or null. */
export const GET: RequestHandler = endpoint(async (event) => {
  const person = personOf(event);
  const { db } = await context();
  const at = { person, storyId: event.params.story };
  return Response.json(await readPosition(db, at), { headers: { 'cache-control': 'no-store' } });
});

/** Keep where the person is. */
export const PUT: RequestHandler = endpoint(async (event) => {
  const person = personOf(event);
  const position = await readBody(event.request, positionSchema);
  const { db } = await context();
  await keepPosition(db, { person, storyId: event.params.story }, position);
  return new Response(null, { status: 204 });
});
