import type { RequestHandler } from './$types';
import { readPeaks } from '#backend/media/read-stem.ts';
import { assertHears } from '#backend/story/standing.ts';
import { Problem } from '#domain/protocol/problem.ts';
import { context } from '#lib/server/context.ts';
import { endpoint } from '#lib/server/endpoint.ts';

/** A take's waveform: signed 8-bit min/max pairs, 100 a second. */
export const GET: RequestHandler = endpoint(async ({ params, locals }) => {
  const { db } = await context();
  await assertHears(db, params.take, locals.user);
  const peaks = await readPeaks(db, params.take);
  if (peaks === null) throw new Problem('not_found', 'This take has no waveform yet.');
  return new Response(new Uint8Array(peaks), {
    headers: {
      'content-type': 'application/octet-stream',
      'content-length': String(peaks.byteLength),
      'cache-control': 'private, max-age=31536000, immutable',
    },
  });
});
