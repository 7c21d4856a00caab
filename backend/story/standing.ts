// What somebody is in a story, as the rows say it: the facts that domain/access/policy.ts judges.
import { and, asc, eq, isNull } from 'drizzle-orm';
import {
  mayHear,
  standingOf,
  type MemberRole,
  type Person,
  type Standing,
} from '#domain/access/policy.ts';
import { Problem } from '#domain/protocol/problem.ts';
import type { StoryId, TakeId, UserId } from '#domain/story/ids.ts';
import { stories, storyMembers, takes } from '#drizzle/schema.ts';
import type { Queryable, Transaction } from '../postgres/database.ts';
import { whileReachable } from '../postgres/query-error.ts';

export interface StoryStanding {
  readonly storyId: StoryId;
  readonly slug: string;
  readonly title: string;
  readonly standing: Standing;
  /** The standing is no older than the story's event of this number. */
  readonly standingRevision: number;
}

/**
 * The one refusal for what is not there and what somebody may not do to it, so that nobody learns
 * from it which of the two it was.
 */
export function notYours(): Problem {
  return new Problem('not_found', 'This is not here, or it is not yours to do.');
}

/** True of a story that is there: for everybody, a deleted one is not. */
export const isThere = isNull(stories.deletedAt);

/** What somebody is in a story; null if there is no such story. */
export async function standingIn(
  db: Queryable,
  storyId: StoryId,
  person: Person | null,
): Promise<StoryStanding | null> {
  const [story] = await db
    .select()
    .from(stories)
    .where(and(eq(stories.id, storyId), isThere));
  return story === undefined ? null : withStanding(db, story, person);
}

/** As `standingIn`, of the story at an address. @throws {Problem} `unavailable` */
export function standingBySlug(
  db: Queryable,
  slug: string,
  person: Person | null,
): Promise<StoryStanding | null> {
  return whileReachable(async () => {
    const [story] = await db
      .select()
      .from(stories)
      .where(and(eq(stories.slug, slug), isThere));
    return story === undefined ? null : withStanding(db, story, person);
  });
}

/**
 * As `standingIn`, and holds the story's row until the transaction ends: nobody's standing, and
 * nothing else of the story, changes until what follows from it is written.
 */
export async function lockStory(
  tx: Transaction,
  storyId: StoryId,
  person: Person | null,
): Promise<StoryStanding | null> {
  const [story] = await tx
    .select()
    .from(stories)
    .where(and(eq(stories.id, storyId), isThere))
    .for('no key update');
  return story === undefined ? null : withStanding(tx, story, person);
}

export interface TakeStanding extends StoryStanding {
  readonly authorId: UserId;
  readonly isAuthor: boolean;
  readonly hidden: boolean;
  readonly failed: boolean;
}

/** What somebody is at a take; null if there is no such take. */
export async function standingAt(
  db: Queryable,
  takeId: TakeId,
  person: Person | null,
): Promise<TakeStanding | null> {
  // One statement sees one moment: the take is no older than the story's revision says.
  const [row] = await db
    .select({ story: stories, take: factColumns })
    .from(takes)
    .innerJoin(stories, eq(stories.id, takes.storyId))
    .where(and(eq(takes.id, takeId), isThere));
  if (row === undefined) return null;
  return atTake(await withStanding(db, row.story, person), row.take, person);
}

/** As `standingAt`, with the story's row held as in `lockStory`. */
export async function lockStoryOf(
  tx: Transaction,
  takeId: TakeId,
  person: Person | null,
): Promise<TakeStanding | null> {
  const unlocked = await takeFacts(tx, takeId);
  if (unlocked === undefined) return null;
  const story = await lockStory(tx, unlocked.storyId, person);
  // Again, under the lock: it may have been hidden while we waited.
  const take = await takeFacts(tx, takeId);
  return story === null || take === undefined ? null : atTake(story, take, person);
}

/**
 * Refuses whoever may not hear a take.
 * @throws {Problem} `not_found`, also if there is no such take, and `unavailable`
 */
export async function assertHears(
  db: Queryable,
  takeId: TakeId,
  person: Person | null,
): Promise<void> {
  const take = await whileReachable(() => standingAt(db, takeId, person));
  if (take === null || !mayHear(person, take.standing, take)) {
    throw new Problem('not_found', 'There is no such take.');
  }
}

/** The seed of a story: events about the story as a whole are events of it. */
export async function seedOf(tx: Transaction, storyId: StoryId): Promise<TakeId> {
  const [seed] = await tx
    .select({ id: takes.id })
    .from(takes)
    .where(and(eq(takes.storyId, storyId), isNull(takes.parentId)))
    .orderBy(asc(takes.id));
  if (seed === undefined) throw new Error(`seedOf: story ${storyId} has no seed`);
  return seed.id;
}

/** As `standingIn`, for a story whose row is at hand. */
export async function withStanding(
  db: Queryable,
  story: typeof stories.$inferSelect,
  person: Person | null,
): Promise<StoryStanding> {
  const { id, slug, title, standingRevision } = story;
  const given = person === null ? null : await roleGiven(db, id, person.id);
  const standing = standingOf(person, story, given);
  return { storyId: id, slug, title, standing, standingRevision };
}

async function roleGiven(
  db: Queryable,
  storyId: StoryId,
  userId: UserId,
): Promise<MemberRole | null> {
  const [member] = await db
    .select({ role: storyMembers.role })
    .from(storyMembers)
    .where(and(eq(storyMembers.storyId, storyId), eq(storyMembers.userId, userId)));
  return member?.role ?? null;
}

const factColumns = {
  storyId: takes.storyId,
  authorId: takes.authorId,
  hiddenAt: takes.hiddenAt,
  status: takes.status,
};

async function takeFacts(db: Queryable, takeId: TakeId) {
  const [take] = await db.select(factColumns).from(takes).where(eq(takes.id, takeId));
  return take;
}

function atTake(
  story: StoryStanding,
  take: NonNullable<Awaited<ReturnType<typeof takeFacts>>>,
  person: Person | null,
): TakeStanding {
  const { authorId, hiddenAt, status } = take;
  return {
    ...story,
    authorId,
    isAuthor: person?.id === authorId,
    hidden: hiddenAt !== null,
    failed: status === 'failed',
  };
}
