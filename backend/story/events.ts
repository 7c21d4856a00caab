// The outbox of a story: every change of it, in commit order.
import { asc, eq, inArray, sql } from 'drizzle-orm';
import type { StoryId, TakeId, UserId } from '#domain/story/ids.ts';
import { stories, storyEvents, takes, type StoryEventKind } from '#drizzle/schema.ts';
import type { Transaction } from '../postgres/database.ts';
import { notify } from '../postgres/notices.ts';

export interface StoryEvent {
  readonly storyId: StoryId;
  /** The take whose facts or state changed. */
  readonly takeId: TakeId;
  readonly kind: StoryEventKind;
  /** Who did it; left out for the worker, and where nobody shall learn it. */
  readonly actorId?: UserId;
  /** With `retitled`: the title until then. */
  readonly formerTitle?: string;
}

/** Events after which somebody may do more or less than before. */
const OF_STANDING: ReadonlySet<StoryEventKind> = new Set<StoryEventKind>([
  'members',
  'hidden',
  'shown',
  'deleted',
  'restored',
]);

/**
 * Records an event in the transaction that makes it true, and wakes whoever follows the story
 * when that commits. Takes the story's row lock until then, so revisions commit in order and
 * without gaps; call it late.
 * @returns the event's revision
 */
export async function recordEvent(tx: Transaction, event: StoryEvent): Promise<number> {
  const [story] = await tx
    .update(stories)
    .set({
      revision: sql`${stories.revision} + 1`,
      ...(OF_STANDING.has(event.kind) && { standingRevision: sql`${stories.revision} + 1` }),
    })
    .where(eq(stories.id, event.storyId))
    .returning({ revision: stories.revision });
  if (story === undefined) throw new Error(`recordEvent: there is no story ${event.storyId}`);
  await tx.insert(storyEvents).values({ ...event, revision: story.revision });
  await notify(tx, 'story_event', { storyId: event.storyId });
  return story.revision;
}

/**
 * Records, in the transaction that changes somebody's voice, an event in each story that they have
 * a take in; it is about one of those takes. Takes the row locks of those stories until then, so
 * the transaction must hold no other story's.
 */
export async function recordVoice(tx: Transaction, authorId: UserId): Promise<void> {
  // Locked in one order: two voices with stories in common do not wait for each other forever.
  const theirs = tx.select({ id: takes.storyId }).from(takes).where(eq(takes.authorId, authorId));
  await tx
    .select({ id: stories.id })
    .from(stories)
    .where(inArray(stories.id, theirs))
    .orderBy(asc(stories.id))
    .for('no key update');
  const kind: StoryEventKind = 'voice';
  await tx.execute(sql`
    with sample as (
      select distinct on (story_id) story_id, id as take_id from ${takes}
      where author_id = ${authorId} order by story_id, id
    ), counted as (
      update ${stories} story set revision = story.revision + 1 from sample
      where story.id = sample.story_id returning story.id, story.revision, sample.take_id
    ), recorded as (
      insert into ${storyEvents} (story_id, revision, take_id, kind)
      select id, revision, take_id, ${kind}::text from counted returning story_id
    )
    select pg_notify('story_event', json_build_object('storyId', story_id)::text) from recorded`);
}
