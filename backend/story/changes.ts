// What a story's tree document has missed: the bridge from Postgres, the truth, to the tree.
import { and, eq, gt, inArray } from 'drizzle-orm';
import type { TreeChange } from '#domain/story/document.ts';
import type { StoryId } from '#domain/story/ids.ts';
import type { Take } from '#domain/story/take.ts';
import { stories, storyEvents, takes, users } from '#drizzle/schema.ts';
import type { Queryable } from '../postgres/database.ts';
import { takeColumns, takeOf } from './take-row.ts';

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
  const changed = await takesSince(db, storyId, revision);
  const authorIds = [...new Set(changed.map((take) => take.authorId))];
  const voices = await db
    .select({ id: users.id, name: users.name, hue: users.hue })
    .from(users)
    .where(inArray(users.id, authorIds));
  return { meta, takes: changed.map(({ state, ...facts }) => ({ facts, state })), voices };
}

async function takesSince(db: Queryable, storyId: StoryId, revision: number): Promise<Take[]> {
  const changed = db
    .select({ takeId: storyEvents.takeId })
    .from(storyEvents)
    .where(and(eq(storyEvents.storyId, storyId), gt(storyEvents.revision, revision)));
  const rows = await db.select(takeColumns).from(takes).where(inArray(takes.id, changed));
  return rows.map(takeOf);
}
