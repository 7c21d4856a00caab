import type { RequestHandler } from './$types';
import { readOriginal } from '#backend/story/read-take.ts';
import { context } from '#lib/server/context.ts';
import { endpoint } from '#lib/server/endpoint.ts';

/** How long the link to an original works, seconds. */
const LINK_SECONDS = 5 * 60;

/** The file as its author sent it, for the author alone: a short-lived link to it. */
export const GET: RequestHandler = endpoint(async ({ params, locals }) => {
  const { db, objects } = await context();
  const { objectKey } = await readOriginal(db, params.take, locals.user);
  const location = await objects.signedGet(objectKey, {
    expiresInSeconds: LINK_SECONDS,
    downloadName: `original-${params.take.slice(0, 8)}`,
  });
  return new Response(null, { status: 302, headers: { location, 'cache-control': 'no-store' } });
});
