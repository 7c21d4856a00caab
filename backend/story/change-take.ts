// Commands on a take that is there: hide it, show it again, like it. Each says how things shall be,
// so that sending it twice changes nothing the second time and needs no key.
import { and, count, eq } from 'drizzle-orm';
import { may, mayHear, type Person } from '#domain/access/policy.ts';
import type { TakeId } from '#domain/story/ids.ts';
import { likes, takes } from '#drizzle/schema.ts';
import { takesThatSound } from '../media/mixes.ts';
import type { Database, Transaction } from '../postgres/database.ts';
import { whileReachable } from '../postgres/query-error.ts';
import type { Queue } from '../queue/queue.ts';
import { recordEvent } from './events.ts';
import { lockStoryOf, notYours, type TakeStanding } from './standing.ts';

/**
 * Of the takes that one sounds in, how many are rendered at once when it is hidden. The rest is when
 * somebody listens to it: the story is locked until these are asked for.
 */
export const MOST_RENDERED = 200;

/**
 * Hides a take, or shows it again: its author, a keeper or the owner may. Its children stay; to
 * others it is a tombstone without sound and words. What it sounds in is rendered without it: until
 * then their paths end before it.
 * @throws {Problem} `not_found` if there is no such take or the person may not, `unavailable`
 */
export async function setHidden(
  { db, queue }: { readonly db: Database; readonly queue: Queue },
  person: Person,
  command: { readonly takeId: TakeId; readonly hidden: boolean },
): Promise<void> {
  const { takeId, hidden } = command;
  await change(db, person, takeId, async (tx, take) => {
    if (!may('hide', take.standing, take.isAuthor)) throw notYours();
    if (take.hidden === hidden) return;
    await tx
      .update(takes)
      .set({ hiddenAt: hidden ? new Date() : null })
      .where(eq(takes.id, takeId));
    const kind = hidden ? 'hidden' : 'shown';
    await recordEvent(tx, { storyId: take.storyId, takeId, kind, actorId: person.id });
    const sounding = await takesThatSound(tx, takeId, MOST_RENDERED);
    const jobs = sounding.map((id) => ({ takeId: id }));
    await queue.sendMany('take.render', jobs, tx, { onBehalfOf: person.id });
  });
}

/**
 * Likes a take, or takes that back: one person counts once.
 * @throws {Problem} `not_found` if there is no such take to hear or the person may not,
 *   `unavailable`
 */
export async function setLiked(
  db: Database,
  person: Person,
  command: { readonly takeId: TakeId; readonly liked: boolean },
): Promise<void> {
  const { takeId, liked } = command;
  await change(db, person, takeId, async (tx, take) => {
    const hears = mayHear(person, take.standing, take) && (!take.failed || take.isAuthor);
    if (!hears || !may('like', take.standing)) throw notYours();
    const mine = and(eq(likes.takeId, takeId), eq(likes.userId, person.id));
    const changed = liked
      ? await tx
          .insert(likes)
          .values({ takeId, userId: person.id })
          .onConflictDoNothing()
          .returning()
      : await tx.delete(likes).where(mine).returning();
    if (changed.length === 0) return;
    const [counted] = await tx.select({ all: count() }).from(likes).where(eq(likes.takeId, takeId));
    await tx
      .update(takes)
      .set({ likeCount: counted?.all ?? 0 })
      .where(eq(takes.id, takeId));
    await recordEvent(tx, { storyId: take.storyId, takeId, kind: 'likes' });
  });
}

function change(
  db: Database,
  person: Person,
  takeId: TakeId,
  write: (tx: Transaction, take: TakeStanding) => Promise<void>,
): Promise<void> {
  return whileReachable(() =>
    db.transaction(async (tx) => {
      const take = await lockStoryOf(tx, takeId, person);
      if (take === null) throw notYours();
      await write(tx, take);
    }),
  );
}
