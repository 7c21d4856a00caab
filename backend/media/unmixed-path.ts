// The end of a path that is recorded and not rendered yet: what a page can mix by itself meanwhile.
import { sql } from 'drizzle-orm';
import * as v from 'valibot';
import { stems, takes } from '#drizzle/schema.ts';
import { takeIdSchema, userIdSchema, type TakeId } from '#domain/story/ids.ts';
import { takeKindSchema } from '#domain/story/take.ts';
import { endOf } from '#domain/timeline/duet.ts';
import { segmentAt, segmentStart } from '#domain/timeline/grid.ts';
import type { Queryable } from '../postgres/database.ts';
import type { StoredSource } from './mixes.ts';
import type { Hears } from './rendered-path.ts';

export interface UnmixedPath {
  /** Seed side first: takes that still sound where the unmixed ones begin, then those. */
  readonly sources: readonly StoredSource[];
  /** How many of the last `sources` are not rendered. */
  readonly unmixed: number;
}

const rowSchema = v.object({
  id: takeIdSchema,
  author_id: userIdSchema,
  hidden: v.boolean(),
  kind: takeKindSchema,
  status: v.string(),
  start_samples: v.number(),
  duration_samples: v.nullable(v.number()),
  object_key: v.nullable(v.string()),
  sha256: v.nullable(v.string()),
  gain_db: v.nullable(v.number()),
});
type Row = v.InferOutput<typeof rowSchema>;

/**
 * What follows the first `rendered` takes of the path to `takeId`, up to the first that is not
 * ready. A take that the listener may not hear is silent, as it is in their mixes.
 */
export async function unmixedPath(
  db: Queryable,
  takeId: TakeId,
  { rendered, hears }: { rendered: number; hears: Hears },
): Promise<UnmixedPath> {
  const { rows } = await db.execute(sql`
    with recursive path as (
      select id, parent_id, author_id, hidden_at, kind, status, start_samples, duration_samples,
        0 as up
      from ${takes} where id = ${takeId}
      union all
      select t.id, t.parent_id, t.author_id, t.hidden_at, t.kind, t.status, t.start_samples,
        t.duration_samples, path.up + 1
      from ${takes} t join path on t.id = path.parent_id
    )
    select path.id, path.author_id, path.hidden_at is not null as hidden, path.kind, path.status,
      path.start_samples, path.duration_samples, stem.object_key, stem.sha256, stem.gain_db
    from path left join ${stems} stem on stem.take_id = path.id
    order by path.up desc`);
  const heard: StoredSource[] = [];
  for (const row of v.parse(v.array(rowSchema), rows)) {
    const source = sourceOf(row);
    if (source === null) break;
    const isHeard = hears({ authorId: row.author_id, hidden: row.hidden });
    heard.push(isHeard ? source : { ...source, stem: null, objectKey: null });
  }
  const first = heard[rendered];
  if (first === undefined) return { sources: [], unmixed: 0 };
  const from = segmentStart(segmentAt(first.startSamples));
  const sources = heard.filter((source, index) => index >= rendered || endOf(source) > from);
  return { sources, unmixed: heard.length - rendered };
}

/** Null while there is nothing to hear of it. */
function sourceOf(row: Row): StoredSource | null {
  const { id, hidden, start_samples: startSamples, duration_samples: durationSamples } = row;
  if (row.status !== 'ready' || durationSamples === null) return null;
  const place = { id, hidden, startSamples, durationSamples };
  if (row.kind === 'text') return { ...place, stem: null, objectKey: null };
  if (row.sha256 === null || row.gain_db === null) return null;
  const stem = { sha256: row.sha256, gainDb: row.gain_db };
  return { ...place, stem, objectKey: row.object_key };
}
