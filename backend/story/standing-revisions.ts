// How far each of many stories is: for whoever has to notice that something changed.
import { inArray } from 'drizzle-orm';
import type { StoryId } from '#domain/story/ids.ts';
import { stories } from '#drizzle/schema.ts';
import type { Queryable } from '../postgres/database.ts';

export interface StoryRevisions {
  readonly id: StoryId;
  /** Number of the newest event, and of the newest that may have changed what anybody may do. */
  readonly revision: number;
  readonly standingRevision: number;
  readonly isDeleted: boolean;
}

/** The revisions of those of these stories that there are, deleted ones among them. */
export async function storyRevisions(
  db: Queryable,
  ids: readonly StoryId[],
): Promise<ReadonlyMap<StoryId, StoryRevisions>> {
  const { id, revision, standingRevision, deletedAt } = stories;
  const rows = await db
    .select({ id, revision, standingRevision, deletedAt })
    .from(stories)
    .where(inArray(stories.id, [...ids]));
  return new Map(rows.map((row) => [row.id, { ...row, isDeleted: row.deletedAt !== null }]));
}
