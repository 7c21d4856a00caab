import { error } from '@sveltejs/kit';
import type { PageServerLoad } from './$types';
import { readStoryLog } from '#backend/story/story-log.ts';
import { context } from '#lib/server/context.ts';

/** What happened in a story, newest first. */
export const load: PageServerLoad = async ({ params, locals, url }) => {
  const { db } = await context();
  const before = url.searchParams.get('before');
  const log = await readStoryLog(db, params.slug, { viewer: locals.user, before });
  if (log === null) error(404, 'There is no such story.');
  return { ...log, isFirstPage: before === null, nowMs: Date.now() };
};
