// The outbox of a story: every change of it, in commit order.
import { eq, sql } from 'drizzle-orm';
import type { StoryId, TakeId } from '#domain/story/ids.ts';
import { stories, storyEvents } from '#drizzle/schema.ts';
import type { Transaction } from '../postgres/database.ts';
import { notify } from '../postgres/notices.ts';

export interface StoryEvent {
  readonly storyId: StoryId;
  /** The take whose facts or state changed. */
  readonly takeId: TakeId;
  readonly kind: 'published' | 'ingested' | 'failed' | 'mixed';
}

/**
 * Records an event in the transaction that makes it true, and wakes whoever follows the story
 * when that commits. Takes the story's row lock until then, so revisions commit in order and
 * without gaps; call it late.
 * @returns the event's revision
 */
export async function recordEvent(tx: Transaction, event: StoryEvent): Promise<number> {
  const [story] = await tx
    .update(stories)
    .set({ revision: sql`${stories.revision} + 1` })
    .where(eq(stories.id, event.storyId))
    .returning({ revision: stories.revision });
  if (story === undefined) throw new Error(`recordEvent: there is no story ${event.storyId}`);
  await tx.insert(storyEvents).values({ ...event, revision: story.revision });
  await notify(tx, 'story_event', { storyId: event.storyId });
  return story.revision;
}
