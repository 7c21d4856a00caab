// Which rendered packs play a path: one query, from a take up to its seed.
import { sql } from 'drizzle-orm';
import * as v from 'valibot';
import { mixes, takes } from '#drizzle/schema.ts';
import { takeIdSchema, userIdSchema, type TakeId, type UserId } from '#domain/story/ids.ts';
import { RENDER_VERSION } from '#domain/timeline/mix-key.ts';
import { packSchema, type Codec, type RenderedTake } from '#domain/timeline/path-packs.ts';
import type { Queryable } from '../postgres/database.ts';

export interface RenderedPath {
  /** Seed first, without gaps: it ends before the first take that is not rendered yet. */
  readonly rendered: readonly RenderedTake[];
  /** True when the asked take itself is among them. */
  readonly complete: boolean;
  /** To be rendered: what an older renderer rendered, and where the path ends longer than it should. */
  readonly outdated: readonly TakeId[];
}

const mixSchema = v.object({
  render_version: v.number(),
  first_segment: v.number(),
  sounds: v.array(takeIdSchema),
  pack: packSchema,
});

const rowSchema = v.object({
  id: takeIdSchema,
  author_id: userIdSchema,
  hidden: v.boolean(),
  start_samples: v.number(),
  overdue: v.boolean(),
  mixes: v.array(mixSchema),
});

/** Whether the listener may hear a take of the path. */
export type Hears = (take: { readonly authorId: UserId; readonly hidden: boolean }) => boolean;

/**
 * The packs of the path from the seed to `takeId`, of each take those in which most voices sound
 * that the listener may hear, and no other. Where there are none yet the path ends. Null if there
 * is no such take.
 */
export async function renderedPath(
  db: Queryable,
  takeId: TakeId,
  codec: Codec,
  hears: Hears = ({ hidden }) => !hidden,
): Promise<RenderedPath | null> {
  const { rows } = await db.execute(sql`
    with recursive path as (
      select id, parent_id, author_id, hidden_at, start_samples, status, created_at, 0 as up
      from ${takes} where id = ${takeId}
      union all
      select t.id, t.parent_id, t.author_id, t.hidden_at, t.start_samples, t.status, t.created_at,
        path.up + 1
      from ${takes} t join path on t.id = path.parent_id
    )
    select path.id, path.author_id, path.hidden_at is not null as hidden, path.start_samples,
      path.status = 'ready' and path.created_at < now() - interval '1 hour' as overdue, played.mixes
    from path
    left join lateral (
      select coalesce(jsonb_agg(jsonb_build_object(
        'render_version', m.render_version, 'first_segment', m.first_segment,
        'sounds', m.sounds, 'pack', m.packs -> ${codec}::text)
        order by cardinality(m.sounds) desc, m.render_version desc), '[]') as mixes
      from ${mixes} m where m.take_id = path.id and m.superseded_at is null
    ) played on true
    order by path.up desc`);
  const path = v.parse(v.array(rowSchema), rows);
  if (path.length === 0) return null;
  const unheard = new Set(
    path
      .filter(({ author_id, hidden }) => !hears({ authorId: author_id, hidden }))
      .map(({ id }) => id),
  );
  const rendered: RenderedTake[] = [];
  const outdated: TakeId[] = [];
  for (const { id, start_samples, overdue, mixes: played } of path) {
    const mix = played.find(({ sounds }) => !sounds.some((voice) => unheard.has(voice)));
    if (mix === undefined) {
      // Its jobs are over, and failed; or a voice was hidden: those takes that are not rendered anew at
      // once have no job of their own, and the others' may run first.
      if (overdue || played.length > 0) outdated.push(id);
      break;
    }
    const { first_segment, pack, render_version } = mix;
    rendered.push({ takeId: id, startSamples: start_samples, firstSegment: first_segment, pack });
    if (render_version < RENDER_VERSION) outdated.push(id);
  }
  return { rendered, complete: rendered.length === path.length, outdated };
}
