// Stories at a glance: where their takes lie, without sound or words. For the front page.
import { sql } from 'drizzle-orm';
import * as v from 'valibot';
import { storyIdSchema, takeIdSchema, type StoryId, type TakeId } from '#domain/story/ids.ts';
import { stories, takes, users } from '#drizzle/schema.ts';
import type { Queryable } from '../postgres/database.ts';
import { whileReachable } from '../postgres/query-error.ts';

export interface GlimpseTake {
  readonly id: TakeId;
  readonly parentId: TakeId | null;
  readonly startSamples: number;
  readonly durationSamples: number;
  readonly hue: number;
}

/** The most takes of one story that a glimpse shows: the oldest. */
const MAX_TAKES = 60;

const glimpseRowSchema = v.object({
  story_id: storyIdSchema,
  id: takeIdSchema,
  parent_id: v.nullable(takeIdSchema),
  start_samples: v.number(),
  duration_samples: v.number(),
  hue: v.number(),
});

/** The placed takes of each story, oldest first, 60 at most. @throws {Problem} `unavailable` */
export async function readGlimpses(
  db: Queryable,
  ids: readonly StoryId[],
): Promise<ReadonlyMap<StoryId, readonly GlimpseTake[]>> {
  const { rows } = await whileReachable(() =>
    db.execute(sql`
      select story_id, id, parent_id, start_samples, duration_samples, hue from (
        select take.*, person.hue,
          row_number() over (partition by take.story_id order by take.created_at, take.id) as place
        from ${takes} take join ${users} person on person.id = take.author_id
        where take.story_id = any(${sql.param(ids)}::uuid[])
          and take.status <> 'failed' and take.duration_samples is not null
      ) placed where place <= ${MAX_TAKES} order by story_id, place`),
  );
  const byStory = Map.groupBy(v.parse(v.array(glimpseRowSchema), rows), (row) => row.story_id);
  return new Map([...byStory].map(([id, all]) => [id, all.map(takeOf)]));
}

function takeOf(row: v.InferOutput<typeof glimpseRowSchema>): GlimpseTake {
  return {
    id: row.id,
    parentId: row.parent_id,
    startSamples: row.start_samples,
    durationSamples: row.duration_samples,
    hue: row.hue,
  };
}

/** A take that nobody has answered yet. */
export interface WaitingTail {
  readonly takeId: TakeId;
  readonly slug: string;
  readonly title: string;
  readonly name: string;
  readonly hue: number;
  readonly tailSamples: number;
}

const tailRowSchema = v.object({
  id: takeIdSchema,
  slug: v.string(),
  title: v.string(),
  name: v.string(),
  hue: v.number(),
  tail_samples: v.number(),
});

/** Newest takes whose tail waits for somebody, one per story. @throws {Problem} `unavailable` */
export async function readWaitingTails(db: Queryable, limit: number): Promise<WaitingTail[]> {
  const { rows } = await whileReachable(() =>
    db.execute(sql`
      select * from (
        select distinct on (take.story_id) take.id, story.slug, story.title, person.name,
          person.hue, take.created_at,
          (take.start_samples + take.duration_samples
            - coalesce(parent.start_samples + parent.duration_samples, take.start_samples))::int
            as tail_samples
        from ${takes} take
        join ${stories} story on story.id = take.story_id
        join ${users} person on person.id = take.author_id
        left join ${takes} parent on parent.id = take.parent_id
        where take.status = 'ready' and take.hidden_at is null and story.openness = 'open'
        and story.deleted_at is null
        and not exists (
          select 1 from ${takes} child where child.parent_id = take.id and child.status <> 'failed'
        )
        order by take.story_id, take.created_at desc, take.id
      ) newest order by created_at desc, id limit ${limit}`),
  );
  return v.parse(v.array(tailRowSchema), rows).map(({ id, tail_samples, ...row }) => ({
    ...row,
    takeId: id,
    tailSamples: tail_samples,
  }));
}
