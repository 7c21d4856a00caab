// Writing down an ingested take: its stem, its length, and everything that follows from them.
import { eq } from 'drizzle-orm';
import type { TakeId } from '#domain/story/ids.ts';
import type { TakeFailure } from '#domain/story/take.ts';
import { fit } from '#domain/timeline/duet.ts';
import { stems, takes } from '#drizzle/schema.ts';
import { announceBranch } from '../notifications/branch-alert.ts';
import type { Database } from '../postgres/database.ts';
import type { Queue } from '../queue/queue.ts';
import type { ObjectStore } from '../storage/objects.ts';
import { recordEvent } from '../story/events.ts';
import { claimObjects } from './named-objects.ts';
import { lockTake, type Placing } from './takes.ts';

/** A stem whose object is stored. */
export type NewStem = Omit<typeof stems.$inferInsert, 'takeId' | 'createdAt'>;

/** What became of a stem: a take that was done or gone before leaves nothing to do. */
export type StemOutcome =
  | { readonly kind: 'saved' }
  | { readonly kind: 'already settled' }
  | { readonly kind: 'refused'; readonly reason: TakeFailure };

/**
 * Makes a take ready, in one transaction: stem, length, event, the followers' notifications and
 * the render job. A take whose length was promised must have it; one whose length was unknown must
 * outlast its parent. Saving again changes nothing.
 * @throws {ObjectMissing} the stem was swept away meanwhile: put it again
 */
export async function saveStem(
  { db, queue, objects }: { db: Database; queue: Queue; objects: ObjectStore },
  takeId: TakeId,
  stem: NewStem,
): Promise<StemOutcome> {
  return await db.transaction(async (tx): Promise<StemOutcome> => {
    await claimObjects(tx, objects, [stem.objectKey]);
    const take = await lockTake(tx, takeId);
    if (take === null || take.status !== 'processing') return { kind: 'already settled' };
    const reason = misfit(take, stem.durationSamples);
    if (reason !== null) return { kind: 'refused', reason };
    await tx.insert(stems).values({ ...stem, takeId });
    await tx
      .update(takes)
      .set({ status: 'ready', durationSamples: stem.durationSamples })
      .where(eq(takes.id, takeId));
    await queue.send('take.render', { takeId }, tx, { onBehalfOf: take.authorId });
    await announceBranch(tx, queue, takeId);
    await recordEvent(tx, { storyId: take.storyId, takeId, kind: 'ingested' });
    return { kind: 'saved' };
  });
}

function misfit(take: Placing, durationSamples: number): TakeFailure | null {
  if (take.durationSamples !== null) {
    return take.durationSamples === durationSamples ? null : 'truncated';
  }
  const fitting = fit({ startSamples: take.startSamples, durationSamples }, take.parent);
  if (fitting.fits) return null;
  return fitting.why === 'too_short' ? 'does_not_outlast_parent' : 'too_long';
}
