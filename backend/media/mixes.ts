// What a take's region is rendered from, and the packs that came of it.
import { and, eq, sql } from 'drizzle-orm';
import * as v from 'valibot';
import { takeIdSchema, type StoryId, type TakeId } from '#domain/story/ids.ts';
import { RENDER_VERSION } from '#domain/timeline/mix-key.ts';
import type { MixSource } from '#domain/timeline/mix-plan.ts';
import type { Codec, Pack } from '#domain/timeline/path-packs.ts';
import { mixes, stems, takes } from '#drizzle/schema.ts';
import type { Database, Queryable } from '../postgres/database.ts';
import { recordEvent } from '../story/events.ts';

/** A source whose stem can be fetched; `objectKey` is null exactly where `stem` is. */
export interface StoredSource extends MixSource {
  readonly objectKey: string | null;
}

export interface TakeToRender {
  readonly storyId: StoryId;
  readonly startSamples: number;
}

/** The take if it is ready and has no mix of this render version; null if there is no work. */
export async function takeToRender(db: Queryable, takeId: TakeId): Promise<TakeToRender | null> {
  const [row] = await db
    .select({ storyId: takes.storyId, startSamples: takes.startSamples, mixed: mixes.takeId })
    .from(takes)
    .leftJoin(mixes, and(eq(mixes.takeId, takes.id), eq(mixes.renderVersion, RENDER_VERSION)))
    .where(and(eq(takes.id, takeId), eq(takes.status, 'ready')));
  return row === undefined || row.mixed !== null ? null : row;
}

const sourceSchema = v.object({
  id: takeIdSchema,
  start_samples: v.number(),
  duration_samples: v.number(),
  kind: v.picklist(['voice', 'text']),
  object_key: v.nullable(v.string()),
  sha256: v.nullable(v.string()),
  gain_db: v.nullable(v.number()),
});

/**
 * The end of the path to a take, seed side first: the take, and those before it that sound after
 * `fromSamples`. Ends only grow along a path, so this reads no further up than it must.
 * @throws {Error} a spoken take among them has no stem
 */
export async function pathFrom(
  db: Queryable,
  takeId: TakeId,
  fromSamples: number,
): Promise<StoredSource[]> {
  const { rows } = await db.execute(sql`
    with recursive path as (
      select id, parent_id, start_samples, duration_samples, kind, 0 as up
      from ${takes} where id = ${takeId}
      union all
      select t.id, t.parent_id, t.start_samples, t.duration_samples, t.kind, path.up + 1
      from ${takes} t join path on t.id = path.parent_id
      where t.start_samples + t.duration_samples > ${fromSamples}::integer
    )
    select path.id, path.start_samples, path.duration_samples, path.kind,
           stem.object_key, stem.sha256, stem.gain_db
    from path left join ${stems} stem on stem.take_id = path.id
    order by path.up desc`);
  return v.parse(v.array(sourceSchema), rows).map((row) => ({
    id: row.id,
    startSamples: row.start_samples,
    durationSamples: row.duration_samples,
    objectKey: row.object_key,
    stem: stemOf(row),
  }));
}

function stemOf(row: v.InferOutput<typeof sourceSchema>): MixSource['stem'] {
  if (row.kind === 'text') return null;
  if (row.sha256 === null || row.gain_db === null) throw new Error(`take ${row.id} has no stem`);
  return { sha256: row.sha256, gainDb: row.gain_db };
}

/** Packs that were rendered of the same plan before, for whichever take; null if there are none. */
export async function packsOfPlan(
  db: Queryable,
  planSha256: string,
): Promise<Record<Codec, Pack> | null> {
  const [row] = await db
    .select({ packs: mixes.packs })
    .from(mixes)
    .where(eq(mixes.planSha256, planSha256))
    .limit(1);
  return row?.packs ?? null;
}

export interface NewMix {
  readonly takeId: TakeId;
  readonly storyId: StoryId;
  readonly planSha256: string;
  readonly firstSegment: number;
  readonly packs: Record<Codec, Pack>;
}

/**
 * Writes a mix down and tells the story; the packs are stored. There is one mix of a take and
 * render version: saving another changes nothing and tells nobody.
 */
export async function saveMix(db: Database, { storyId, ...mix }: NewMix): Promise<void> {
  await db.transaction(async (tx) => {
    const added = await tx
      .insert(mixes)
      .values({ ...mix, renderVersion: RENDER_VERSION })
      .onConflictDoNothing({ target: [mixes.takeId, mixes.renderVersion] })
      .returning({ takeId: mixes.takeId });
    if (added.length === 0) return;
    await recordEvent(tx, { storyId, takeId: mix.takeId, kind: 'mixed' });
  });
}
