import type { RequestHandler } from './$types';
import { readStem } from '#backend/media/read-stem.ts';
import { assertHears } from '#backend/story/standing.ts';
import { Problem } from '#domain/protocol/problem.ts';
import { context } from '#lib/server/context.ts';
import { endpoint } from '#lib/server/endpoint.ts';

/** How long the link to a stem works, seconds. */
const LINK_SECONDS = 15 * 60;

/** The lossless stem of a take: a short-lived link to it. */
export const GET: RequestHandler = endpoint(async ({ params, locals }) => {
  const { db, objects } = await context();
  await assertHears(db, params.take, locals.user);
  const stem = await readStem(db, params.take);
  if (stem === null) throw new Problem('not_found', 'This take has no recording to fetch yet.');
  const location = await objects.signedGet(stem.objectKey, {
    expiresInSeconds: LINK_SECONDS,
    downloadName: `take-${params.take.slice(0, 8)}.flac`,
  });
  return new Response(null, { status: 302, headers: { location, 'cache-control': 'no-store' } });
});
