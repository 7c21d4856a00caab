import { json } from '@sveltejs/kit';
import type { RequestHandler } from './$types';
import { completeUpload } from '#backend/uploads/uploads.ts';
import { context } from '#lib/server/context.ts';
import { endpoint, personOf } from '#lib/server/endpoint.ts';

/** All parts are there: join them and check the whole. */
export const POST: RequestHandler = endpoint(async (event) => {
  return json(await completeUpload(await context(), personOf(event), event.params.id));
});
