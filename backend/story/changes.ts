// What a story's tree document has missed: the bridge from Postgres, the truth, to the tree.
import { and, eq, exists, gt, inArray, sql } from 'drizzle-orm';
import type { TreeChange } from '#domain/story/document.ts';
import type { StoryId } from '#domain/story/ids.ts';
import type { TakeFacts, TakeState } from '#domain/story/take.ts';
import { RENDER_VERSION } from '#domain/timeline/mix-key.ts';
import { mixes, stories, storyEvents, takes, users } from '#drizzle/schema.ts';
import type { Queryable } from '../postgres/database.ts';

/**
 * Every take that an event after `revision` is about, as it is now, with its author's voice; null
 * if there was no such event, or there is no such story. The change's own revision is read first,
 * so what it carries is never older than it says.
 */
export async function changesSince(
  db: Queryable,
  storyId: StoryId,
  revision: number,
): Promise<TreeChange | null> {
  const [meta] = await db
    .select({ title: stories.title, slug: stories.slug, revision: stories.revision })
    .from(stories)
    .where(eq(stories.id, storyId));
  if (meta === undefined || meta.revision <= revision) return null;
  const rows = await takesSince(db, storyId, revision);
  const authorIds = [...new Set(rows.map((row) => row.facts.authorId))];
  const voices = await db
    .select({ id: users.id, name: users.name, hue: users.hue })
    .from(users)
    .where(inArray(users.id, authorIds));
  return { meta, takes: rows, voices };
}

async function takesSince(
  db: Queryable,
  storyId: StoryId,
  revision: number,
): Promise<TreeChange['takes']> {
  const changed = db
    .select({ takeId: storyEvents.takeId })
    .from(storyEvents)
    .where(and(eq(storyEvents.storyId, storyId), gt(storyEvents.revision, revision)));
  const mixed = exists(
    db
      .select({ one: sql`1` })
      .from(mixes)
      .where(and(eq(mixes.takeId, takes.id), eq(mixes.renderVersion, RENDER_VERSION))),
  );
  const rows = await db
    .select({ take: takes, mixed: sql<boolean>`${mixed}` })
    .from(takes)
    .where(inArray(takes.id, changed));
  return rows.map((row) => ({ facts: factsOf(row.take), state: stateOf(row.take, row.mixed) }));
}

type TakeRow = typeof takes.$inferSelect;

function factsOf(take: TakeRow): TakeFacts {
  return {
    id: take.id,
    parentId: take.parentId,
    authorId: take.authorId,
    kind: take.kind,
    startSamples: take.startSamples,
    durationSamples: take.durationSamples,
    createdAtMs: take.createdAt.getTime(),
  };
}

function stateOf(take: TakeRow, mixed: boolean): TakeState {
  if (take.status === 'ready') return { status: 'ready', mixed };
  if (take.status === 'processing') return { status: 'processing' };
  return { status: 'failed', reason: take.failure ?? 'internal' };
}
