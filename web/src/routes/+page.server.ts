import type { PageServerLoad } from './$types';
import { readContinuations } from '#backend/listening/remainder.ts';
import { readGlimpses, readWaitingTails } from '#backend/story/glimpses.ts';
import { listStories } from '#backend/story/list.ts';
import { MAX_CONTINUATIONS } from '#lib/listening/continuations.ts';
import { context } from '#lib/server/context.ts';

const WAITING_TAILS = 3;

/**
 * The stories that grew last, each at a glance, tails that wait for an answer, and where whoever is
 * here can go on listening.
 */
export const load: PageServerLoad = async ({ url, locals }) => {
  const { db } = await context();
  const { user } = locals;
  const [{ stories, next }, waiting, continuations] = await Promise.all([
    listStories(db, { after: url.searchParams.get('after') }),
    readWaitingTails(db, WAITING_TAILS),
    user === null ? [] : readContinuations(db, user, MAX_CONTINUATIONS),
  ]);
  const glimpses = await readGlimpses(
    db,
    stories.map(({ id }) => id),
  );
  return {
    next,
    waiting,
    continuations,
    nowMs: Date.now(),
    stories: stories.map((story) => ({ ...story, takes: glimpses.get(story.id) ?? [] })),
  };
};
