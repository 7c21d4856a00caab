// Following a story: who wants to hear when it grows.
import { and, eq } from 'drizzle-orm';
import { Problem } from '#domain/protocol/problem.ts';
import type { StoryId, UserId } from '#domain/story/ids.ts';
import { follows, stories } from '#drizzle/schema.ts';
import type { Queryable } from '../postgres/database.ts';
import { whileReachable } from '../postgres/query-error.ts';
import { isThere } from '../story/standing.ts';

/**
 * Makes somebody a follower of a story; following twice is following.
 * @throws {Problem} `not_found` if there is no such story
 */
export async function follow(db: Queryable, userId: UserId, storyId: StoryId): Promise<void> {
  await whileReachable(async () => {
    const found = await db
      .select({ id: stories.id })
      .from(stories)
      .where(and(eq(stories.id, storyId), isThere));
    if (found.length === 0) throw new Problem('not_found', 'There is no such story.');
    await db.insert(follows).values({ userId, storyId }).onConflictDoNothing();
  });
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
