import type { PageServerLoad } from './$types';
import { readGlimpses, readWaitingTails } from '#backend/story/glimpses.ts';
import { listStories } from '#backend/story/list.ts';
import { context } from '#lib/server/context.ts';

const WAITING_TAILS = 3;

/** The stories that grew last, each at a glance, and tails that wait for an answer. */
export const load: PageServerLoad = async ({ url }) => {
  const { db } = await context();
  const [{ stories, next }, waiting] = await Promise.all([
    listStories(db, { after: url.searchParams.get('after') }),
    readWaitingTails(db, WAITING_TAILS),
  ]);
  const glimpses = await readGlimpses(
    db,
    stories.map(({ id }) => id),
  );
  return {
    next,
    waiting,
    nowMs: Date.now(),
    stories: stories.map((story) => ({ ...story, takes: glimpses.get(story.id) ?? [] })),
  };
};
