// Following a story: who wants to hear when it grows.
import { and, eq } from 'drizzle-orm';
import { Problem } from '#domain/protocol/problem.ts';
import type { StoryId, UserId } from '#domain/story/ids.ts';
import { follows } from '#drizzle/schema.ts';
import type { Queryable } from '../postgres/database.ts';
import { brokenConstraint, whileReachable } from '../postgres/query-error.ts';

/**
 * Makes somebody a follower of a story; following twice is following.
 * @throws {Problem} `not_found` if there is no such story (outside of a transaction only)
 */
export async function follow(db: Queryable, userId: UserId, storyId: StoryId): Promise<void> {
  try {
    await whileReachable(() =>
      db.insert(follows).values({ userId, storyId }).onConflictDoNothing(),
    );
  } catch (error) {
    if (brokenConstraint(error)?.constraint !== 'follows_story_id_stories_id_fk') throw error;
    throw new Problem('not_found', 'There is no such story.', { cause: error });
  }
}

/** Undoes {@link follow}; a story that is not followed stays so. */
export async function unfollow(db: Queryable, userId: UserId, storyId: StoryId): Promise<void> {
  await whileReachable(() => db.delete(follows).where(followOf(userId, storyId)));
}

export async function isFollowing(
  db: Queryable,
  userId: UserId,
  storyId: StoryId,
): Promise<boolean> {
  const rows = await whileReachable(() =>
    db.select({ userId: follows.userId }).from(follows).where(followOf(userId, storyId)),
  );
  return rows.length > 0;
}

function followOf(userId: UserId, storyId: StoryId) {
  return and(eq(follows.userId, userId), eq(follows.storyId, storyId));
}
