// What a take's region is rendered from, and the packs that came of it.
import { and, eq, gt, isNull, ne, sql } from 'drizzle-orm';
import * as v from 'valibot';
import { takeIdSchema, type StoryId, type TakeId } from '#domain/story/ids.ts';
import { SEGMENT_SAMPLES } from '#domain/timeline/grid.ts';
import { RENDER_VERSION } from '#domain/timeline/mix-key.ts';
import type { MixSource } from '#domain/timeline/mix-plan.ts';
import type { Codec, Pack } from '#domain/timeline/path-packs.ts';
import { mixes, stems, takes } from '#drizzle/schema.ts';
import type { Database, Queryable } from '../postgres/database.ts';
import type { ObjectStore } from '../storage/objects.ts';
import { recordEvent } from '../story/events.ts';
import { claimObjects } from './named-objects.ts';

/** A region begins in the segment of its take's start, after one of run-up. */
const REACH_SAMPLES = 2 * SEGMENT_SAMPLES;
/** The next sweep goes on: a new renderer supersedes whatever is listened to. */
const MOST_FORGOTTEN = 10_000;

/** A source whose stem can be fetched; `objectKey` is null exactly where `stem` is. */
export interface StoredSource extends MixSource {
  readonly objectKey: string | null;
  /** Its author or a keeper has hidden it: others get mixes without it. */
  readonly hidden: boolean;
}

export interface TakeToRender {
  readonly storyId: StoryId;
  readonly startSamples: number;
}

/** The take if it is ready; null if there is nothing to render of it. */
export async function takeToRender(db: Queryable, takeId: TakeId): Promise<TakeToRender | null> {
  const [row] = await db
    .select({ storyId: takes.storyId, startSamples: takes.startSamples })
    .from(takes)
    .where(and(eq(takes.id, takeId), eq(takes.status, 'ready')));
  return row ?? null;
}

/** True if the mix of this plan is the one that is played of a take. */
export async function isPlayed(
  db: Queryable,
  { takeId, planSha256 }: Pick<NewMix, 'takeId' | 'planSha256'>,
): Promise<boolean> {
  const [row] = await db
    .select({ takeId: mixes.takeId })
    .from(mixes)
    .where(
      and(eq(mixes.takeId, takeId), eq(mixes.planSha256, planSha256), isNull(mixes.supersededAt)),
    );
  return row !== undefined;
}

const sourceSchema = v.object({
  id: takeIdSchema,
  start_samples: v.number(),
  duration_samples: v.number(),
  kind: v.picklist(['voice', 'text']),
  hidden: v.boolean(),
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
      select id, parent_id, start_samples, duration_samples, kind, hidden_at, 0 as up
      from ${takes} where id = ${takeId}
      union all
      select t.id, t.parent_id, t.start_samples, t.duration_samples, t.kind, t.hidden_at, path.up + 1
      from ${takes} t join path on t.id = path.parent_id
      where t.start_samples + t.duration_samples > ${fromSamples}::integer
    )
    select path.id, path.start_samples, path.duration_samples, path.kind,
           path.hidden_at is not null as hidden, stem.object_key, stem.sha256, stem.gain_db
    from path left join ${stems} stem on stem.take_id = path.id
    order by path.up desc`);
  return v.parse(v.array(sourceSchema), rows).map((row) => ({
    id: row.id,
    startSamples: row.start_samples,
    durationSamples: row.duration_samples,
    hidden: row.hidden,
    objectKey: row.object_key,
    stem: stemOf(row),
  }));
}

function stemOf(row: v.InferOutput<typeof sourceSchema>): MixSource['stem'] {
  if (row.kind === 'text') return null;
  if (row.sha256 === null || row.gain_db === null) throw new Error(`take ${row.id} has no stem`);
  return { sha256: row.sha256, gainDb: row.gain_db };
}

/**
 * Packs that were rendered of the same plan before, for whichever take; null if there are none that
 * are sure to stay: superseded ones are forgotten after a day.
 */
export async function packsOfPlan(
  db: Queryable,
  planSha256: string,
): Promise<Record<Codec, Pack> | null> {
  const [row] = await db
    .select({ packs: mixes.packs })
    .from(mixes)
    .where(
      and(
        eq(mixes.planSha256, planSha256),
        sql`coalesce(${mixes.supersededAt}, now()) > now() - interval '12 hours'`,
      ),
    )
    .limit(1);
  return row?.packs ?? null;
}

export interface NewMix {
  readonly takeId: TakeId;
  readonly storyId: StoryId;
  readonly planSha256: string;
  readonly firstSegment: number;
  /** The takes whose stems sound in it, oldest first. */
  readonly sounds: readonly TakeId[];
  readonly packs: Record<Codec, Pack>;
}

/**
 * Writes a mix down and tells the story; the packs are stored. It takes the place of the one with
 * the same voices, which may be playing and is kept for a day. A mix of a newer render version
 * stays; saving again changes nothing and tells nobody.
 * @throws {ObjectMissing} a pack was swept away meanwhile: put it again
 */
export async function saveMix(
  { db, objects }: { db: Database; objects: ObjectStore },
  { storyId, sounds, ...mix }: NewMix,
): Promise<void> {
  await db.transaction(async (tx) => {
    const { aac, opus } = mix.packs;
    await claimObjects(tx, objects, [aac.objectKey, opus.objectKey]);
    await tx
      .select({ id: takes.id })
      .from(takes)
      .where(eq(takes.id, mix.takeId))
      .for('no key update');
    const rivals = and(
      eq(mixes.takeId, mix.takeId),
      eq(mixes.sounds, [...sounds]),
      isNull(mixes.supersededAt),
    );
    const newer = and(rivals, gt(mixes.renderVersion, RENDER_VERSION));
    if ((await tx.$count(mixes, newer)) > 0) return;
    await tx
      .update(mixes)
      .set({ supersededAt: sql`now()` })
      .where(and(rivals, ne(mixes.planSha256, mix.planSha256)));
    const added = await tx
      .insert(mixes)
      .values({ ...mix, sounds: [...sounds], renderVersion: RENDER_VERSION })
      .onConflictDoUpdate({
        target: [mixes.takeId, mixes.planSha256],
        set: { supersededAt: null },
        setWhere: sql`${mixes.supersededAt} is not null`,
      })
      .returning({ takeId: mixes.takeId });
    if (added.length === 0) return;
    await recordEvent(tx, { storyId, takeId: mix.takeId, kind: 'mixed' });
  });
}

/**
 * The takes in whose mixes a take sounds: itself, and those below it whose regions, with their
 * run-up, begin before it ends. No more than `most` of them, those near it first: Postgres looks no
 * further. Starts only grow along a path.
 */
export async function takesThatSound(
  tx: Queryable,
  takeId: TakeId,
  most: number,
): Promise<TakeId[]> {
  const { rows } = await tx.execute(sql`
    with recursive below as (
      select id, status, start_samples + duration_samples as end_samples
      from ${takes} where id = ${takeId}
      union all
      select t.id, t.status, below.end_samples
      from ${takes} t join below on t.parent_id = below.id
      where t.start_samples - ${REACH_SAMPLES}::integer < below.end_samples
    )
    select id from below where status = 'ready' limit ${most}`);
  return v.parse(v.array(v.object({ id: takeIdSchema })), rows).map(({ id }) => id);
}

/**
 * Forgets mixes that nobody can be playing any more, those of one sweep at most.
 * @returns how many
 */
export async function forgetSuperseded(
  db: Queryable,
  olderThan: Date,
  most = MOST_FORGOTTEN,
): Promise<number> {
  const { rowCount } = await db.execute(sql`
    delete from ${mixes} where ctid in (
      select ctid from ${mixes}
      where ${mixes.supersededAt} < ${olderThan.toISOString()}::timestamptz
      limit ${most}
    )`);
  return rowCount ?? 0;
}
