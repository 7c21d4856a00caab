// Somebody's inbox: what grew in the stories they follow.
import { and, count, desc, eq, isNull, lt, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import type { StoryId, TakeId, UserId } from '#domain/story/ids.ts';
import type { Voice } from '#domain/story/take.ts';
import { notifications, stories, takes, users } from '#drizzle/schema.ts';
import type { Queryable } from '../postgres/database.ts';
import { notify } from '../postgres/notices.ts';
import { whileReachable } from '../postgres/query-error.ts';
import { isThere } from '../story/standing.ts';

export interface InboxLine {
  readonly id: string;
  readonly story: { readonly id: StoryId; readonly slug: string; readonly title: string };
  readonly takeId: TakeId;
  readonly durationSamples: number | null;
  readonly author: Voice;
  /** Whose take it answers. */
  readonly answered: Voice | null;
  readonly createdAtMs: number;
  readonly read: boolean;
}

const PAGE = 30;
const MAX_PAGE = 100;
/** The last moment that Postgres reads as JavaScript writes it: the end of the year 9999. */
const LAST_MS = 253_402_300_799_999;

/** The lines of an inbox, newest first. `beforeMs` continues after the last line of a page. */
export async function readInbox(
  db: Queryable,
  userId: UserId,
  { limit = PAGE, beforeMs }: { limit?: number; beforeMs?: number } = {},
): Promise<InboxLine[]> {
  const older =
    beforeMs === undefined
      ? undefined
      : lt(notifications.createdAt, new Date(Math.min(beforeMs, LAST_MS)));
  const rows = await whileReachable(() =>
    linesFrom(db)
      .where(and(eq(notifications.userId, userId), older))
      .orderBy(desc(notifications.createdAt), desc(notifications.id))
      .limit(Math.min(Math.max(1, Math.trunc(limit)), MAX_PAGE)),
  );
  return rows.map(lineOf);
}

/** One line with the person it is for, or null. */
export async function readLine(
  db: Queryable,
  id: string,
): Promise<(InboxLine & { readonly userId: UserId }) | null> {
  const [row] = await linesFrom(db).where(eq(notifications.id, id));
  return row === undefined ? null : { ...lineOf(row), userId: row.userId };
}

export async function countUnread(db: Queryable, userId: UserId): Promise<number> {
  const [row] = await whileReachable(() =>
    db
      .select({ unread: count() })
      .from(notifications)
      .innerJoin(stories, eq(stories.id, notifications.storyId))
      .where(and(eq(notifications.userId, userId), isNull(notifications.readAt), isThere)),
  );
  return row?.unread ?? 0;
}

/**
 * Marks lines of somebody's inbox as read: one of them, those about one take, or all. Lines of
 * others are not touched. Wakes the person's other pages.
 */
export async function markRead(
  db: Queryable,
  userId: UserId,
  which: { readonly id: string } | { readonly takeId: TakeId } | 'all',
): Promise<void> {
  await whileReachable(async () => {
    const marked = await db
      .update(notifications)
      .set({ readAt: sql`now()` })
      .where(and(eq(notifications.userId, userId), isNull(notifications.readAt), lineIs(which)))
      .returning({ id: notifications.id });
    if (marked.length > 0) await notify(db, 'inbox', { userId });
  });
}

function lineIs(which: { readonly id: string } | { readonly takeId: TakeId } | 'all') {
  if (which === 'all') return undefined;
  return 'id' in which ? eq(notifications.id, which.id) : eq(notifications.takeId, which.takeId);
}

const parent = alias(takes, 'parent');
const answered = alias(users, 'answered');

function linesFrom(db: Queryable) {
  return db
    .select({
      id: notifications.id,
      userId: notifications.userId,
      readAt: notifications.readAt,
      createdAt: notifications.createdAt,
      takeId: takes.id,
      durationSamples: takes.durationSamples,
      story: { id: stories.id, slug: stories.slug, title: stories.title },
      author: { id: users.id, name: users.name, hue: users.hue },
      answered: { id: answered.id, name: answered.name, hue: answered.hue },
    })
    .from(notifications)
    .innerJoin(takes, eq(takes.id, notifications.takeId))
    .innerJoin(stories, and(eq(stories.id, notifications.storyId), isThere))
    .innerJoin(users, eq(users.id, takes.authorId))
    .leftJoin(parent, eq(parent.id, takes.parentId))
    .leftJoin(answered, eq(answered.id, parent.authorId))
    .$dynamic();
}

type LineRow = Awaited<ReturnType<typeof linesFrom>>[number];

function lineOf({ userId: _userId, readAt, createdAt, ...row }: LineRow): InboxLine {
  return { ...row, createdAtMs: createdAt.getTime(), read: readAt !== null };
}
