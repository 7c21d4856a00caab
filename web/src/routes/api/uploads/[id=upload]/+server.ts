import { json } from '@sveltejs/kit';
import type { RequestHandler } from './$types';
import { uploadTicket } from '#backend/uploads/uploads.ts';
import { context } from '#lib/server/context.ts';
import { endpoint, personOf } from '#lib/server/endpoint.ts';

/** Which parts of an upload are still missing, and where they go. */
export const GET: RequestHandler = endpoint(async (event) => {
  return json(await uploadTicket(await context(), personOf(event), event.params.id), {
    headers: { 'cache-control': 'no-store' },
  });
});
