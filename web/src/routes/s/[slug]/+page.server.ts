import { error } from '@sveltejs/kit';
import * as v from 'valibot';
import type { PageServerLoad } from './$types';
import { isFollowing } from '#backend/notifications/follow.ts';
import { wasDeleted } from '#backend/story/delete-story.ts';
import { likedBy } from '#backend/story/people.ts';
import { readStory, type StoryRead } from '#backend/story/read.ts';
import { takeIdSchema, type TakeId } from '#domain/story/ids.ts';
import { context } from '#lib/server/context.ts';
import { pack, silhouetteOf } from '#lib/tree/silhouette.ts';

/** A story as its page shows it: tree, words, and waveforms condensed to what is drawn. */
export const load: PageServerLoad = async ({ params, locals, url }) => {
  const { db } = await context();
  const story = await readStory(db, params.slug, locals.user);
  if (story === null) {
    if (await wasDeleted(db, params.slug)) error(410, 'This story was deleted.');
    error(404, 'There is no such story.');
  }
  const asked = v.safeParse(takeIdSchema, url.searchParams.get('take'));
  const chosen = asked.success && story.takes.some(({ id }) => id === asked.output);
  return {
    storyId: story.id,
    slug: params.slug,
    view: { meta: story.meta, takes: story.takes, voices: story.voices },
    silhouettes: shapesOf(story),
    words: story.words,
    chosen: asked.success && chosen ? asked.output : null,
    missing: asked.success && !chosen,
    standing: story.standing,
    liked: locals.user === null ? new Set<TakeId>() : await likedBy(db, story.id, locals.user.id),
    following: locals.user !== null && (await isFollowing(db, locals.user.id, story.id)),
  };
};

/** The waveforms, as letters. Takes without sound are drawn alike, by whoever draws them. */
function shapesOf({ takes, waveforms }: StoryRead): Map<TakeId, string> {
  return new Map(
    takes.flatMap(({ id, durationSamples }) => {
      const peaks = waveforms.get(id)?.peaks;
      if (peaks === undefined || durationSamples === null) return [];
      return [[id, pack(silhouetteOf(peaks, durationSamples))]];
    }),
  );
}
