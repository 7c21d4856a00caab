import * as v from 'valibot';
import type { RequestHandler } from './$types';
import { readPeaks } from '#backend/media/read-stem.ts';
import { assertHears } from '#backend/story/standing.ts';
import { peakRates } from '#domain/media/peaks.ts';
import { Problem } from '#domain/protocol/problem.ts';
import { context } from '#lib/server/context.ts';
import { endpoint } from '#lib/server/endpoint.ts';

const rateSchema = v.optional(v.pipe(v.string(), v.toNumber(), v.picklist(peakRates)), '100');

/** A take's waveform: signed 8-bit min/max pairs. `?rate=`: 100 a second, or 10, or 1. */
export const GET: RequestHandler = endpoint(async ({ params, url, locals }) => {
  const rate = v.parse(rateSchema, url.searchParams.get('rate') ?? undefined);
  const { db } = await context();
  await assertHears(db, params.take, locals.user);
  const peaks = await readPeaks(db, params.take, rate);
  if (peaks === null) throw new Problem('not_found', 'This take has no waveform yet.');
  return new Response(new Uint8Array(peaks), {
    headers: {
      'content-type': 'application/octet-stream',
      'content-length': String(peaks.byteLength),
      'cache-control': 'private, max-age=31536000, immutable',
    },
  });
});
