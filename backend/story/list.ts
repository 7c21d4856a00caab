// The stories of the front page, those that grew last first.
import { sql } from 'drizzle-orm';
import * as v from 'valibot';
import { storyIdSchema, takeIdSchema, type StoryId, type TakeId } from '#domain/story/ids.ts';
import { voiceSchema, type Voice } from '#domain/story/take.ts';
import { stories, takes, users } from '#drizzle/schema.ts';
import type { Queryable } from '../postgres/database.ts';
import { whileReachable } from '../postgres/query-error.ts';

export interface StoryCard {
  readonly id: StoryId;
  readonly slug: string;
  readonly title: string;
  readonly seedId: TakeId;
  readonly takeCount: number;
  /** Takes of the last 24 hours. */
  readonly newTakeCount: number;
  readonly voiceCount: number;
  /** The first voices that joined, six at most. */
  readonly voices: readonly Voice[];
  /** How far the longest path reaches, in samples. */
  readonly lengthSamples: number;
  readonly grownAtMs: number;
}

export interface StoryPage {
  readonly stories: readonly StoryCard[];
  /** Give it as `after` for the next page; null on the last one. */
  readonly next: string | null;
}

const PAGE = 24;
const MAX_PAGE = 100;

const rowSchema = v.object({
  id: storyIdSchema,
  slug: v.string(),
  title: v.string(),
  seed_id: takeIdSchema,
  take_count: v.number(),
  new_take_count: v.number(),
  voice_count: v.number(),
  length_samples: v.number(),
  /** Microseconds since the epoch, as text: the cursor must not be rounded. */
  grown_at: v.pipe(v.string(), v.regex(/^\d{1,19}$/u)),
});
type Row = v.InferOutput<typeof rowSchema>;

const cursorSchema = v.pipe(
  v.string(),
  v.regex(/^\d{1,18}_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/u),
);

/**
 * A page of stories that have something to hear or read; failed takes count for nothing. An
 * unusable `after` is the first page.
 * @throws {Problem} `unavailable`
 */
export async function listStories(
  db: Queryable,
  { limit = PAGE, after }: { limit?: number; after?: string | null | undefined } = {},
): Promise<StoryPage> {
  const size = Math.min(Math.max(1, Math.trunc(limit)), MAX_PAGE);
  return whileReachable(async () => {
    const rows = await storyRows(db, size + 1, after);
    const page = rows.slice(0, size);
    const voices = await firstVoices(
      db,
      page.map((row) => row.id),
    );
    const last = page.at(-1);
    return {
      stories: page.map((row) => cardOf(row, voices.get(row.id) ?? [])),
      next: rows.length > size && last !== undefined ? `${last.grown_at}_${last.id}` : null,
    };
  });
}

function cardOf(row: Row, voices: readonly Voice[]): StoryCard {
  return {
    id: row.id,
    slug: row.slug,
    title: row.title,
    seedId: row.seed_id,
    takeCount: row.take_count,
    newTakeCount: row.new_take_count,
    voiceCount: row.voice_count,
    voices,
    lengthSamples: row.length_samples,
    grownAtMs: Math.floor(Number(row.grown_at) / 1000),
  };
}

async function storyRows(
  db: Queryable,
  limit: number,
  after: string | null | undefined,
): Promise<Row[]> {
  const cursor = v.safeParse(cursorSchema, after);
  const [grownAt, id] = cursor.success ? cursor.output.split('_') : [null, null];
  const { rows } = await db.execute(sql`
    with grown as (
      select story_id,
        (array_agg(id) filter (where parent_id is null))[1] as seed_id,
        count(*)::int as take_count,
        (count(*) filter (where created_at > now() - interval '24 hours'))::int as new_take_count,
        count(distinct author_id)::int as voice_count,
        coalesce(max(start_samples + duration_samples), 0)::int as length_samples,
        (extract(epoch from max(created_at)) * 1000000)::bigint as grown_at
      from ${takes} where status <> 'failed'
      group by story_id
      having bool_or(parent_id is null)
    )
    select story.id, story.slug, story.title, seed_id, take_count, new_take_count, voice_count,
      length_samples, grown_at::text as grown_at
    from grown join ${stories} story on story.id = grown.story_id
    where story.deleted_at is null
      and (${grownAt}::bigint is null or (grown.grown_at, story.id) < (${grownAt}::bigint, ${id}::uuid))
    order by grown.grown_at desc, story.id desc
    limit ${limit}`);
  return v.parse(v.array(rowSchema), rows);
}

async function firstVoices(
  db: Queryable,
  ids: readonly StoryId[],
): Promise<ReadonlyMap<StoryId, Voice[]>> {
  const { rows } = await db.execute(sql`
    select story_id, id, name, hue from (
      select joined.story_id, person.id, person.name, person.hue,
        row_number() over (partition by joined.story_id order by joined.at, person.id) as place
      from (
        select story_id, author_id, min(created_at) as at from ${takes}
        where story_id = any(${sql.param(ids)}::uuid[]) and status <> 'failed'
        group by story_id, author_id
      ) joined join ${users} person on person.id = joined.author_id
    ) ranked where place <= 6 order by story_id, place`);
  const voices = v.parse(
    v.array(v.object({ story_id: storyIdSchema, ...voiceSchema.entries })),
    rows,
  );
  const byStory = Map.groupBy(voices, (voice) => voice.story_id);
  return new Map(
    [...byStory].map(([id, all]) => [id, all.map(({ story_id: _story, ...voice }) => voice)]),
  );
}
