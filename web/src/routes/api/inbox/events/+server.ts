import type { RequestHandler } from './$types';
import { context } from '#lib/server/context.ts';
import { endpoint, personOf } from '#lib/server/endpoint.ts';

/** Server-sent events: one whenever this person's inbox changed. */
export const GET: RequestHandler = endpoint(async (event) => {
  const { id } = personOf(event);
  const { inbox } = await context();
  return new Response(inbox.open(id), {
    headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' },
  });
});
