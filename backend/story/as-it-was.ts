// A story as it was at some time: its title, its takes and their words then.
import { and, asc, desc, eq, gt, inArray, lte, sql } from 'drizzle-orm';
import { may, mayHear, type Person } from '#domain/access/policy.ts';
import type { StoryId, TakeId, UserId } from '#domain/story/ids.ts';
import { storyEvents, takes, users } from '#drizzle/schema.ts';
import type { Database, Queryable } from '../postgres/database.ts';
import { whileReachable } from '../postgres/query-error.ts';
import { inOneState, readWordsAt } from '../words/versions.ts';
import { visibleTo } from './read.ts';
import { standingBySlug, type StoryStanding } from './standing.ts';

/** Takes whose words changed since, of which the words of then are read. */
const MAX_CHANGED = 500;

export interface TakeThen {
  readonly id: TakeId;
  readonly parentId: TakeId | null;
  readonly authorId: UserId;
  readonly kind: 'voice' | 'text';
  readonly createdAtMs: number;
  /** Hidden then, or hidden now from whoever looks. */
  readonly hidden: boolean;
  /** Null if they are not known any more, or not shown to whoever looks. */
  readonly words: string | null;
}

export interface StoryThen {
  readonly slug: string;
  readonly title: string;
  /** Oldest first; none if the story was not planted yet. */
  readonly takes: readonly TakeThen[];
  readonly names: ReadonlyMap<UserId, { readonly name: string; readonly hue: number }>;
}

/**
 * A story as it was; null if there is none at this address. What is hidden now stays hidden. Words
 * that have changed since are for those who may read their history: what somebody deleted is not
 * for everybody.
 * @throws {Problem} `unavailable`
 */
export function readStoryAt(
  db: Database,
  slug: string,
  { viewer, atMs }: { readonly viewer: Person | null; readonly atMs: number },
): Promise<StoryThen | null> {
  return whileReachable(() =>
    inOneState(db, async (tx) => {
      const story = await standingBySlug(tx, slug, viewer);
      if (story === null || !may('listen', story.standing)) return null;
      const { standing } = story;
      const at = new Date(atMs);
      const rows = await takesAt(tx, story.storyId, at, visibleTo(viewer));
      const heard = rows.filter(({ authorId, hiddenAt, hiddenThen }) =>
        mayHear(viewer, standing, { authorId, hidden: hiddenAt !== null || hiddenThen }),
      );
      const readable = heard.filter(
        ({ authorId, changed }) => changed && may('readHistory', standing, viewer?.id === authorId),
      );
      const ids = readable.slice(0, MAX_CHANGED).map(({ id }) => id);
      const then = await readWordsAt(tx, ids, atMs);
      const wordsOf = (row: (typeof rows)[number]): string | null =>
        row.changed ? (then.get(row.id) ?? null) : row.words;
      const shown = new Set(heard);
      return {
        slug,
        title: await titleAt(tx, story, at),
        takes: rows.map((row) => ({
          id: row.id,
          parentId: row.parentId,
          authorId: row.authorId,
          kind: row.kind,
          createdAtMs: row.createdAt.getTime(),
          hidden: !shown.has(row),
          words: shown.has(row) ? wordsOf(row) : null,
        })),
        names: new Map(rows.map(({ authorId, name, hue }) => [authorId, { name, hue }])),
      };
    }),
  );
}

function takesAt(db: Queryable, storyId: StoryId, at: Date, which: ReturnType<typeof visibleTo>) {
  // The events are read once for all takes: they have no index by take.
  const hiding = db.$with('hiding').as(
    db
      .selectDistinctOn([storyEvents.takeId], {
        takeId: storyEvents.takeId,
        kind: storyEvents.kind,
      })
      .from(storyEvents)
      .where(
        and(
          eq(storyEvents.storyId, storyId),
          inArray(storyEvents.kind, ['hidden', 'shown']),
          lte(storyEvents.createdAt, at),
        ),
      )
      .orderBy(storyEvents.takeId, desc(storyEvents.revision)),
  );
  return db
    .with(hiding)
    .select({
      id: takes.id,
      parentId: takes.parentId,
      authorId: takes.authorId,
      kind: takes.kind,
      createdAt: takes.createdAt,
      words: takes.words,
      hiddenAt: takes.hiddenAt,
      hiddenThen: sql<boolean>`${hiding.kind} is not distinct from 'hidden'`,
      /** Whether the words were changed since. */
      changed: sql<boolean>`exists (
          select 1 from document_updates u
          where u.document = 'take:' || ${takes.id} || ':words' and u.created_at > ${at}
            and u.user_id is not null)
        or exists (
          select 1 from words_versions w
          where w.take_id = ${takes.id} and w.kind <> 'published' and w.ended_at > ${at})`,
      name: users.name,
      hue: users.hue,
    })
    .from(takes)
    .innerJoin(users, eq(users.id, takes.authorId))
    .leftJoin(hiding, eq(hiding.takeId, takes.id))
    .where(and(eq(takes.storyId, storyId), which, lte(takes.createdAt, at)))
    .orderBy(asc(takes.createdAt), asc(takes.id));
}

/** The title before the first time that it was changed since. */
async function titleAt(db: Queryable, story: StoryStanding, at: Date): Promise<string> {
  const [retitled] = await db
    .select({ formerTitle: storyEvents.formerTitle })
    .from(storyEvents)
    .where(
      and(
        eq(storyEvents.storyId, story.storyId),
        eq(storyEvents.kind, 'retitled'),
        gt(storyEvents.createdAt, at),
      ),
    )
    .orderBy(asc(storyEvents.revision))
    .limit(1);
  return retitled?.formerTitle ?? story.title;
}
