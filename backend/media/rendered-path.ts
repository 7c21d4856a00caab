// Which rendered packs play a path: one query, from a take up to its seed.
import { sql } from 'drizzle-orm';
import * as v from 'valibot';
import { mixes, takes } from '#drizzle/schema.ts';
import { takeIdSchema, userIdSchema, type TakeId, type UserId } from '#domain/story/ids.ts';
import { packSchema, type Codec, type RenderedTake } from '#domain/timeline/path-packs.ts';
import type { Queryable } from '../postgres/database.ts';

export interface RenderedPath {
  /** Seed first, without gaps: it ends before the first take that is not rendered yet. */
  readonly rendered: readonly RenderedTake[];
  /** True when the asked take itself is among them. */
  readonly complete: boolean;
}

const rowSchema = v.object({
  id: takeIdSchema,
  author_id: userIdSchema,
  hidden: v.boolean(),
  start_samples: v.number(),
  first_segment: v.nullable(v.number()),
  pack: v.nullable(packSchema),
});

/** Whether the listener may hear a take of the path. */
export type Hears = (take: { readonly authorId: UserId; readonly hidden: boolean }) => boolean;

/**
 * The packs of the path from the seed to `takeId`, in the newest rendering of each take, as far as
 * they exist and the listener may hear them: what comes after a take that is hidden from somebody
 * has that take's tail mixed into it, so their path ends before it. Null if there is no such take.
 */
export async function renderedPath(
  db: Queryable,
  takeId: TakeId,
  codec: Codec,
  hears: Hears = ({ hidden }) => !hidden,
): Promise<RenderedPath | null> {
  const { rows } = await db.execute(sql`
    with recursive path as (
      select id, parent_id, author_id, hidden_at, start_samples, 0 as up from ${takes} where id = ${takeId}
      union all
      select t.id, t.parent_id, t.author_id, t.hidden_at, t.start_samples, path.up + 1
      from ${takes} t join path on t.id = path.parent_id
    )
    select path.id, path.author_id, path.hidden_at is not null as hidden, path.start_samples,
      mix.first_segment, mix.packs -> ${codec}::text as pack
    from path
    left join lateral (
      select first_segment, packs from ${mixes} m
      where m.take_id = path.id order by m.render_version desc limit 1
    ) mix on true
    order by path.up desc`);
  const path = v.parse(v.array(rowSchema), rows);
  if (path.length === 0) return null;
  const rendered: RenderedTake[] = [];
  for (const { id, author_id, hidden, start_samples, first_segment, pack } of path) {
    if (first_segment === null || pack === null) break;
    if (!hears({ authorId: author_id, hidden })) break;
    rendered.push({
      takeId: id,
      startSamples: start_samples,
      firstSegment: first_segment,
      pack,
    });
  }
  return { rendered, complete: rendered.length === path.length };
}
