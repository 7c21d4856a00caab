import { error } from '@sveltejs/kit';
import * as v from 'valibot';
import type { PageServerLoad } from './$types';
import { readStoryAt } from '#backend/story/as-it-was.ts';
import { takeIdSchema } from '#domain/story/ids.ts';
import { context } from '#lib/server/context.ts';

const timeSchema = v.pipe(
  v.string(),
  v.isoTimestamp(),
  v.transform((text) => Date.parse(text)),
  v.safeInteger(),
);

const pageSchema = v.pipe(
  v.string(),
  v.digits(),
  v.transform(Number),
  v.minValue(1),
  v.safeInteger(),
);

/**
 * A story as it was at `?at=`, an ISO time; to be read, not to be answered. Of a long one, the page
 * `?page=`, or the one that the take `?take=` is on.
 */
export const load: PageServerLoad = async ({ params, locals, url }) => {
  const at = v.safeParse(timeSchema, url.searchParams.get('at'));
  if (!at.success) error(400, 'That is not a time. Open the history of the story and choose one.');
  const { db } = await context();
  const atMs = at.output;
  const page = v.safeParse(pageSchema, url.searchParams.get('page'));
  const take = v.safeParse(takeIdSchema, url.searchParams.get('take'));
  const story = await readStoryAt(db, params.slug, {
    viewer: locals.user,
    atMs,
    take: take.success ? take.output : null,
    ...(page.success && { page: page.output }),
  });
  if (story === null) error(404, 'There is no such story.');
  return { story, atMs };
};
