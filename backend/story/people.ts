// Who is in a story: its owner, whoever was given a role, and whoever has a take in it.
import { and, asc, eq, sql } from 'drizzle-orm';
import type { MemberRole } from '#domain/access/policy.ts';
import type { StoryId, TakeId, UserId } from '#domain/story/ids.ts';
import type { Voice } from '#domain/story/take.ts';
import { likes, stories, storyMembers, takes, users } from '#drizzle/schema.ts';
import type { Queryable } from '../postgres/database.ts';
import { whileReachable } from '../postgres/query-error.ts';

export interface StoryPerson extends Voice {
  readonly isOwner: boolean;
  /** What the owner made of them; null if nothing. */
  readonly role: MemberRole | null;
  readonly takeCount: number;
}

/** The most people of one story that are listed. */
const MAX_PEOPLE = 500;

/** The people of a story, those who joined first first. @throws {Problem} `unavailable` */
export async function readPeople(db: Queryable, storyId: StoryId): Promise<StoryPerson[]> {
  const takeCount = db.$count(takes, and(eq(takes.storyId, storyId), eq(takes.authorId, users.id)));
  const rows = await whileReachable(() =>
    db
      .select({
        id: users.id,
        name: users.name,
        hue: users.hue,
        role: storyMembers.role,
        isOwner: sql<boolean>`${stories.ownerId} = ${users.id}`,
        takeCount,
      })
      .from(users)
      .innerJoin(stories, eq(stories.id, storyId))
      .leftJoin(
        storyMembers,
        and(eq(storyMembers.storyId, storyId), eq(storyMembers.userId, users.id)),
      )
      .where(
        sql`${users.id} = ${stories.ownerId} or ${storyMembers.role} is not null or ${users.id} in (
          select author_id from ${takes} where story_id = ${storyId})`,
      )
      .orderBy(asc(users.createdAt), asc(users.id))
      .limit(MAX_PEOPLE),
  );
  return rows;
}

/** The takes of a story that somebody likes. @throws {Problem} `unavailable` */
export async function likedBy(
  db: Queryable,
  storyId: StoryId,
  userId: UserId,
): Promise<ReadonlySet<TakeId>> {
  const rows = await whileReachable(() =>
    db
      .select({ takeId: likes.takeId })
      .from(likes)
      .innerJoin(takes, eq(takes.id, likes.takeId))
      .where(and(eq(takes.storyId, storyId), eq(likes.userId, userId))),
  );
  return new Set(rows.map(({ takeId }) => takeId));
}
