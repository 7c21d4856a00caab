// Reading one take: by itself, with the takes before it, and as its author sent it.
import { and, eq, inArray, sql } from 'drizzle-orm';
import * as v from 'valibot';
import { mayReadOriginal, type Person } from '#domain/access/policy.ts';
import { Problem } from '#domain/protocol/problem.ts';
import { takeIdSchema, type StoryId, type TakeId } from '#domain/story/ids.ts';
import type { PathTake, Take } from '#domain/story/take.ts';
import { stories, takes, uploads } from '#drizzle/schema.ts';
import type { Queryable } from '../postgres/database.ts';
import { whileReachable } from '../postgres/query-error.ts';
import { visibleTo } from './read.ts';
import { isThere } from './standing.ts';
import { pathTakeColumns, pathTakeOf, takeColumns, takeOf } from './take-row.ts';

/** The most takes of one path that are read; a path of ten-second takes is 4,460 long at most. */
const MAX_PATH_TAKES = 10_000;
/** The most takes after one that are read to know where its path leads. */
const MAX_TAKES_AFTER = 1_000;

export interface TakeRead {
  readonly take: Take;
  readonly words: string;
  readonly story: { readonly id: StoryId; readonly slug: string; readonly title: string };
}

/** A take, or null if there is none that the viewer may see. */
export async function readTake(
  db: Queryable,
  id: TakeId,
  viewer: Person | null,
): Promise<TakeRead | null> {
  const [row] = await whileReachable(() =>
    db
      .select({
        ...takeColumns,
        words: takes.words,
        story: { id: stories.id, slug: stories.slug, title: stories.title },
      })
      .from(takes)
      .innerJoin(stories, eq(stories.id, takes.storyId))
      .where(and(eq(takes.id, id), visibleTo(viewer), isThere)),
  );
  return row === undefined ? null : { take: takeOf(row), words: row.words, story: row.story };
}

/** The takes from the seed to `id`, both included; empty if there is no such take. */
export async function readPath(db: Queryable, id: TakeId): Promise<Take[]> {
  return whileReachable(async () => {
    const { rows } = await db.execute(sql`
      with recursive path as (
        select id, parent_id, 1 as steps from ${takes} where id = ${id}
        union all
        select take.id, take.parent_id, path.steps + 1
        from ${takes} take join path on take.id = path.parent_id
        where path.steps < ${MAX_PATH_TAKES}
      )
      select id from path order by steps desc`);
    const ids = v.parse(v.array(v.object({ id: takeIdSchema })), rows).map((row) => row.id);
    const found = await db.select(takeColumns).from(takes).where(inArray(takes.id, ids));
    const byId = new Map(found.map((row) => [row.id, takeOf(row)]));
    return ids.flatMap((one) => byId.get(one) ?? []);
  });
}

/**
 * The takes from the seed to `id`, and those that follow it: the nearest, a thousand at most. Empty if
 * there is no such take.
 */
export async function readAround(db: Queryable, id: TakeId): Promise<PathTake[]> {
  // A recursion comes from generation to generation, so the limit leaves out the furthest.
  const around = sql`${takes.id} in (
    with recursive before as (
      select id, parent_id from ${takes} where id = ${id}
      union
      select take.id, take.parent_id from ${takes} take join before on take.id = before.parent_id
    ), after as (
      select id from ${takes} where parent_id = ${id}
      union
      select take.id from ${takes} take join after on take.parent_id = after.id
    )
    select id from before union all (select id from after limit ${MAX_TAKES_AFTER}))`;
  const rows = await whileReachable(() => db.select(pathTakeColumns).from(takes).where(around));
  return rows.map(pathTakeOf);
}

export interface Original {
  readonly objectKey: string;
  readonly bytes: number;
  /** As the author's browser announced it; not to be trusted. */
  readonly contentType: string;
}

/**
 * Where the file that a take was made from lies, for its author alone, whatever became of it.
 * @throws {Problem} `not_found`, `forbidden`
 */
export async function readOriginal(
  db: Queryable,
  id: TakeId,
  viewer: Person | null,
): Promise<Original> {
  const [row] = await whileReachable(() =>
    db
      .select({
        authorId: takes.authorId,
        objectKey: uploads.objectKey,
        bytes: uploads.bytes,
        contentType: uploads.contentType,
      })
      .from(takes)
      .innerJoin(uploads, eq(uploads.id, takes.uploadId))
      .where(eq(takes.id, id)),
  );
  if (row === undefined) throw new Problem('not_found', 'There is no such recording.');
  if (!mayReadOriginal(viewer, row)) {
    throw new Problem('forbidden', 'Only its author may fetch a recording as it was sent.');
  }
  const { objectKey, bytes, contentType } = row;
  return { objectKey, bytes, contentType };
}
