// What happened in a story: who planted, branched, retitled, hid, deleted and changed words, newest
// first.
import { sql } from 'drizzle-orm';
import * as v from 'valibot';
import { may, type Person } from '#domain/access/policy.ts';
import { takeIdSchema, userIdSchema, type StoryId } from '#domain/story/ids.ts';
import { storyEvents, takes, users, type StoryEventKind } from '#drizzle/schema.ts';
import type { Database, Queryable } from '../postgres/database.ts';
import { whileReachable } from '../postgres/query-error.ts';
import { inOneState } from '../words/versions.ts';
import { standingBySlug } from './standing.ts';

const PAGE = 40;
/** Edits of one person in the same words are one line if they are no further apart, minutes. */
const WORDS_MINUTES = 10;

/** Events that are told; the others are the worker's, or nobody's business. */
const TOLD = [
  'published',
  'retitled',
  'hidden',
  'shown',
  'members',
  'deleted',
  'restored',
] as const satisfies readonly StoryEventKind[];

const rowSchema = v.object({
  kind: v.picklist([...TOLD, 'words']),
  /** Microseconds since the epoch, as text: the cursor must not be rounded. */
  at: v.pipe(v.string(), v.regex(/^\d{1,18}$/u)),
  takeId: takeIdSchema,
  authorId: userIdSchema,
  author: v.string(),
  isSeed: v.boolean(),
  byId: v.nullable(userIdSchema),
  by: v.nullable(v.string()),
  byHue: v.nullable(v.number()),
  formerTitle: v.nullable(v.string()),
});
type Row = v.InferOutput<typeof rowSchema>;

export interface LogEntry {
  readonly kind: Row['kind'];
  /** A millisecond by which it had happened. */
  readonly atMs: number;
  readonly takeId: Row['takeId'];
  /** Whose take it was done to. */
  readonly author: string;
  readonly isSeed: boolean;
  /** Null where it was not written down. */
  readonly by: { readonly name: string; readonly hue: number } | null;
  readonly isOwn: boolean;
  readonly formerTitle: string | null;
}

export interface StoryLog {
  readonly slug: string;
  readonly title: string;
  readonly entries: readonly LogEntry[];
  /** Give it as `before` for the next page; null on the last one. */
  readonly next: string | null;
}

const cursorSchema = v.pipe(v.string(), v.regex(/^\d{1,18}$/u));

/**
 * A page of what happened in a story; null if there is none at this address. Who changed words is
 * told to those who may read their history. An unusable `before` is the first page.
 * @throws {Problem} `unavailable`
 */
export function readStoryLog(
  db: Database,
  slug: string,
  { viewer, before }: { readonly viewer: Person | null; readonly before: string | null },
): Promise<StoryLog | null> {
  return whileReachable(() =>
    inOneState(db, async (tx) => {
      const story = await standingBySlug(tx, slug, viewer);
      if (story === null || !may('listen', story.standing)) return null;
      const { standing } = story;
      const parsed = v.safeParse(cursorSchema, before);
      const rows = await rowsOf(tx, story.storyId, {
        viewerId: viewer?.id ?? null,
        before: parsed.success ? parsed.output : null,
      });
      const page = rows.slice(0, PAGE);
      const last = rows.length > PAGE ? page.at(-1) : undefined;
      const told = page.filter(
        ({ kind, authorId }) =>
          kind !== 'words' || may('readHistory', standing, viewer?.id === authorId),
      );
      return { slug, title: story.title, entries: told.map(entryOf), next: last?.at ?? null };
    }),
  );
}

async function rowsOf(
  db: Queryable,
  storyId: StoryId,
  { viewerId, before }: { viewerId: string | null; before: string | null },
): Promise<Row[]> {
  const { rows } = await db.execute(sql`
    with happened as (
      select kind, created_at as at, take_id, actor_id, former_title from ${storyEvents}
      where story_id = ${storyId}
        and kind = any(${sql.param(TOLD)}::text[])
      union all
      select 'words', at, take_id, user_id, null from (
        select max(at) as at, take_id, user_id from (
          select w.ended_at as at, w.take_id, w.author_id as user_id
          from words_versions w join ${takes} take on take.id = w.take_id
          where take.story_id = ${storyId} and w.kind in ('edit', 'restored')
          union all
          select u.created_at, take.id, u.user_id
          from document_updates u join ${takes} take on u.document = 'take:' || take.id || ':words'
          where take.story_id = ${storyId} and u.user_id is not null
        ) as edits
        group by take_id, user_id,
          date_bin(make_interval(mins => ${WORDS_MINUTES}), at, timestamptz '2026-01-01')
      ) as runs
    )
    select happened.kind, (extract(epoch from at) * 1000000)::bigint::text as at,
      take.id as "takeId", take.author_id as "authorId", author.name as author,
      take.parent_id is null as "isSeed", actor.id as "byId", actor.name as by,
      actor.hue as "byHue", former_title as "formerTitle"
    from happened
      join ${takes} take on take.id = happened.take_id
      join ${users} author on author.id = take.author_id
      left join ${users} actor on actor.id = coalesce(
        happened.actor_id, case when happened.kind = 'published' then take.author_id end)
    where (take.status <> 'failed' or take.author_id = ${viewerId}::uuid)
      and (${before}::bigint is null or (extract(epoch from at) * 1000000)::bigint < ${before}::bigint)
    order by happened.at desc, take.id limit ${PAGE + 1}`);
  return v.parse(v.array(rowSchema), rows);
}

function entryOf({
  kind,
  at,
  takeId,
  authorId,
  author,
  isSeed,
  byId,
  by,
  byHue,
  formerTitle,
}: Row): LogEntry {
  return {
    kind,
    // Up, so that the story as it was then has it.
    atMs: Math.floor(Number(at) / 1_000) + 1,
    takeId,
    author,
    isSeed,
    by: by === null ? null : { name: by, hue: byHue ?? 0 },
    isOwn: byId === authorId,
    formerTitle,
  };
}
