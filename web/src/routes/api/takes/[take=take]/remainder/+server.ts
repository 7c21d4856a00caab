import type { RequestHandler } from './$types';
import * as v from 'valibot';
import { readRemainder } from '#backend/listening/remainder.ts';
import { positionSchema } from '#domain/protocol/listening.ts';
import { context } from '#lib/server/context.ts';
import { endpoint } from '#lib/server/endpoint.ts';

const atSchema = v.pipe(
  v.string(),
  v.regex(/^\d+$/u),
  v.transform(Number),
  positionSchema.entries.positionSamples,
);

/** What is left to hear for whoever is at a place on the path to a take, or null. */
export const GET: RequestHandler = endpoint(async ({ params, locals, url }) => {
  const positionSamples = v.parse(atSchema, url.searchParams.get('at'));
  const { db } = await context();
  const remainder = await readRemainder(db, { leafId: params.take, positionSamples }, locals.user);
  return Response.json(remainder, { headers: { 'cache-control': 'no-store' } });
});
