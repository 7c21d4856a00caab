// What the media-worker reads of a take before it works on it, and what becomes of one that fails.
import { and, eq, getTableColumns, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import type { JobPayload } from '#domain/protocol/jobs.ts';
import type { StoryId, TakeId, UserId } from '#domain/story/ids.ts';
import type { TakeFailure } from '#domain/story/take.ts';
import type { Span } from '#domain/timeline/duet.ts';
import { takes, uploads } from '#drizzle/schema.ts';
import type { Database, Queryable } from '../postgres/database.ts';
import type { Queue } from '../queue/queue.ts';
import { recordEvent } from '../story/events.ts';

/** A store that is away for less leaves no take failed, milliseconds. */
const GIVEN_UP_AFTER_MS = 86_400_000;
/** The least, and the most, that a take waits before it is tried once more, milliseconds. */
const LEAST_WAIT_MS = 60_000;
const MOST_WAIT_MS = 3_600_000;

/** A voice take that is still to be ingested. */
export interface TakeToIngest {
  readonly takeId: TakeId;
  readonly storyId: StoryId;
  /** The original, as its author announced it. */
  readonly upload: { readonly objectKey: string; readonly bytes: number; readonly sha256: string };
}

/** The take if it waits to be ingested; null if it is done, failed or written. */
export async function takeToIngest(db: Queryable, takeId: TakeId): Promise<TakeToIngest | null> {
  const { objectKey, bytes, sha256 } = getTableColumns(uploads);
  const [row] = await db
    .select({ storyId: takes.storyId, upload: { objectKey, bytes, sha256 } })
    .from(takes)
    .innerJoin(uploads, eq(uploads.id, takes.uploadId))
    .where(and(eq(takes.id, takeId), eq(takes.status, 'processing')));
  return row === undefined ? null : { takeId, ...row };
}

/** Where a take lies, and where its parent does. */
export interface Placing {
  readonly storyId: StoryId;
  readonly authorId: UserId;
  readonly status: 'processing' | 'ready' | 'failed';
  readonly startSamples: number;
  readonly durationSamples: number | null;
  readonly parent: Span | null;
}

/**
 * Reads and locks a take until the transaction ends. The lock leaves room for children that are
 * being published meanwhile. Null if there is no such take.
 */
export async function lockTake(tx: Queryable, takeId: TakeId): Promise<Placing | null> {
  const parents = alias(takes, 'parents');
  const [row] = await tx
    .select({
      storyId: takes.storyId,
      authorId: takes.authorId,
      status: takes.status,
      startSamples: takes.startSamples,
      durationSamples: takes.durationSamples,
      parentStart: parents.startSamples,
      parentDuration: parents.durationSamples,
    })
    .from(takes)
    .leftJoin(parents, eq(parents.id, takes.parentId))
    .where(eq(takes.id, takeId))
    .for('no key update', { of: takes });
  if (row === undefined) return null;
  const { parentStart, parentDuration, ...placing } = row;
  const known = parentStart !== null && parentDuration !== null;
  return {
    ...placing,
    parent: known ? { startSamples: parentStart, durationSamples: parentDuration } : null,
  };
}

/**
 * Ends a take that could not be ingested; its original is kept. Does nothing to a take that is
 * ready or has failed before.
 */
export async function failTake(db: Database, takeId: TakeId, reason: TakeFailure): Promise<void> {
  await db.transaction(async (tx) => {
    const [failed] = await tx
      .update(takes)
      .set({ status: 'failed', failure: reason })
      .where(and(eq(takes.id, takeId), eq(takes.status, 'processing')))
      .returning({ storyId: takes.storyId });
    if (failed === undefined) return;
    await recordEvent(tx, { storyId: failed.storyId, takeId, kind: 'failed' });
  });
}

/**
 * Called when all tries to ingest a take are spent, for what may be over later. They begin anew once
 * as much time has passed as since they were spent first: a minute at least, an hour at most. Spent
 * once more a day after the first time, the take has failed. Its original is kept.
 */
export async function ingestLater(
  { db, queue }: { db: Database; queue: Queue },
  { takeId, deadSinceMs }: JobPayload<'take.ingest'>,
): Promise<void> {
  // By Postgres' clock: the workers' may differ, and another one had the take last.
  const [take] = await db
    .select({
      author: takes.authorId,
      nowMs: sql`extract(epoch from now()) * 1000`.mapWith(Number),
    })
    .from(takes)
    .where(and(eq(takes.id, takeId), eq(takes.status, 'processing')));
  if (take === undefined) return;
  const sinceMs = deadSinceMs ?? Math.round(take.nowMs);
  const deadMs = take.nowMs - sinceMs;
  if (deadMs >= GIVEN_UP_AFTER_MS) return failTake(db, takeId, 'internal');
  const waitMs = Math.min(MOST_WAIT_MS, Math.max(LEAST_WAIT_MS, deadMs));
  await queue.send('take.ingest', { takeId, deadSinceMs: sinceMs }, db, {
    onBehalfOf: take.author,
    afterSeconds: Math.round(waitMs / 1_000),
  });
}
