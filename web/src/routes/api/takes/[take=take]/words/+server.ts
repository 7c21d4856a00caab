import { json } from '@sveltejs/kit';
import type { RequestHandler } from './$types';
import { readTake } from '#backend/story/read-take.ts';
import { assertHears } from '#backend/story/standing.ts';
import { Problem } from '#domain/protocol/problem.ts';
import { context } from '#lib/server/context.ts';
import { endpoint } from '#lib/server/endpoint.ts';

/** The words of a take, as they were last saved. */
export const GET: RequestHandler = endpoint(async ({ params, locals }) => {
  const { db } = await context();
  await assertHears(db, params.take, locals.user);
  const read = await readTake(db, params.take, locals.user);
  if (read === null) throw new Problem('not_found', 'There is no such take.');
  return json({ words: read.words }, { headers: { 'cache-control': 'no-cache' } });
});
