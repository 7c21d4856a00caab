import type { RequestHandler } from './$types';
import { readSilences } from '#backend/listening/silences.ts';
import { context } from '#lib/server/context.ts';
import { endpoint } from '#lib/server/endpoint.ts';

/** Where nobody speaks on the path to a take. */
export const GET: RequestHandler = endpoint(async ({ params, locals }) => {
  const { db } = await context();
  const silences = await readSilences(db, params.take, locals.user);
  return Response.json(silences, { headers: { 'cache-control': 'private, max-age=60' } });
});
