// Deleting a story, and bringing it back. Nothing of it is destroyed: for everybody it is not there
// any more, and its owner has a while to think again. See docs/decisions/014.
import { and, desc, eq, gt, isNotNull, sql } from 'drizzle-orm';
import { may, type Person } from '#domain/access/policy.ts';
import { Problem } from '#domain/protocol/problem.ts';
import type { StoryId, UserId } from '#domain/story/ids.ts';
import { stories } from '#drizzle/schema.ts';
import type { Database, Queryable, Transaction } from '../postgres/database.ts';
import { whileReachable } from '../postgres/query-error.ts';
import { recordEvent } from './events.ts';
import { notYours, seedOf, withStanding } from './standing.ts';

/** For so many days the owner of a story that was deleted can bring it back. */
export const RETURN_DAYS = 30;

/** True while it can be brought back. */
const mayReturn = gt(stories.deletedAt, sql`now() - ${RETURN_DAYS}::integer * interval '1 day'`);

/**
 * Deletes a story, or brings it back: its owner may. Says how things shall be, so that sending it
 * twice changes nothing the second time.
 * @throws {Problem} `not_found` if there is no such story, the person may not, or it was deleted
 *   too long ago to come back; `unavailable`
 */
export async function setDeleted(
  db: Database,
  person: Person,
  command: { readonly storyId: StoryId; readonly deleted: boolean },
): Promise<void> {
  const { storyId, deleted } = command;
  await whileReachable(() =>
    db.transaction(async (tx) => {
      const story = await lockEven(tx, storyId);
      const standing = story && (await withStanding(tx, story, person)).standing;
      if (standing === undefined || !may('remove', standing)) throw notYours();
      if ((story?.deletedAt !== null) === deleted) return;
      if (!deleted) await assertMayReturn(tx, storyId);
      await tx
        .update(stories)
        .set({ deletedAt: deleted ? sql`now()` : null })
        .where(eq(stories.id, storyId));
      const kind = deleted ? 'deleted' : 'restored';
      const takeId = await seedOf(tx, storyId);
      await recordEvent(tx, { storyId, takeId, kind, actorId: person.id });
    }),
  );
}

export interface DeletedStory {
  readonly id: StoryId;
  readonly title: string;
  /** Until when its owner can bring it back. */
  readonly returnsUntilMs: number;
}

/** The stories that somebody deleted and can bring back, the newest first. */
export async function deletedStories(db: Queryable, ownerId: UserId): Promise<DeletedStory[]> {
  const rows = await whileReachable(() =>
    db
      .select({ id: stories.id, title: stories.title, deletedAt: stories.deletedAt })
      .from(stories)
      .where(and(eq(stories.ownerId, ownerId), mayReturn))
      .orderBy(desc(stories.deletedAt), desc(stories.id))
      .limit(100),
  );
  return rows.map(({ deletedAt, ...story }) => ({
    ...story,
    returnsUntilMs: (deletedAt?.getTime() ?? 0) + RETURN_DAYS * 86_400_000,
  }));
}

/** Whether the story of an address was deleted, for whoever comes by it. */
export async function wasDeleted(db: Queryable, slug: string): Promise<boolean> {
  const rows = await whileReachable(() =>
    db
      .select({ id: stories.id })
      .from(stories)
      .where(and(eq(stories.slug, slug), isNotNull(stories.deletedAt))),
  );
  return rows.length > 0;
}

/** As `lockStory`, whether or not it is deleted. */
async function lockEven(tx: Transaction, storyId: StoryId) {
  const [story] = await tx
    .select()
    .from(stories)
    .where(eq(stories.id, storyId))
    .for('no key update');
  return story;
}

async function assertMayReturn(tx: Transaction, storyId: StoryId): Promise<void> {
  const rows = await tx
    .select({ id: stories.id })
    .from(stories)
    .where(and(eq(stories.id, storyId), mayReturn));
  if (rows.length > 0) return;
  throw new Problem(
    'not_found',
    `This story was deleted more than ${RETURN_DAYS} days ago and cannot be brought back here.`,
  );
}
