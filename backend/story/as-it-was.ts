// A story as it was at some time, a page at a time: its title, its takes and their words then.
import { and, asc, desc, eq, gt, inArray, lte, sql } from 'drizzle-orm';
import { may, mayHear, type Person } from '#domain/access/policy.ts';
import type { StoryId, TakeId } from '#domain/story/ids.ts';
import { inReadingOrder } from '#domain/story/reading-order.ts';
import { storyEvents, takes, users } from '#drizzle/schema.ts';
import type { Database, Queryable } from '../postgres/database.ts';
import { whileReachable } from '../postgres/query-error.ts';
import { inOneState, readWordsAt } from '../words/versions.ts';
import { visibleTo } from './read.ts';
import { standingBySlug, type StoryStanding } from './standing.ts';

/** Takes on a page. */
export const THEN_PAGE = 100;

interface VoiceThen {
  readonly name: string;
  readonly hue: number;
}

export interface TakeThen {
  readonly id: TakeId;
  readonly author: VoiceThen;
  /** What it answers, and the page that that is on; null for the seed. */
  readonly parent: {
    readonly id: TakeId;
    readonly author: VoiceThen;
    readonly page: number;
  } | null;
  /** True if another take answers the same one and comes before it. */
  readonly isFork: boolean;
  /** Hidden then, or hidden now from whoever looks. */
  readonly hidden: boolean;
  /** Null if they are not known any more, or not shown to whoever looks. */
  readonly words: string | null;
}

export interface StoryThen {
  readonly slug: string;
  readonly title: string;
  /** Those of the page, in the order in which they can be read. */
  readonly takes: readonly TakeThen[];
  /** Of all pages; none if the story was not planted yet. */
  readonly takeCount: number;
  /** Which one this is, from 1 on. */
  readonly page: number;
  readonly pageCount: number;
}

interface Asked {
  readonly viewer: Person | null;
  readonly atMs: number;
  /** The page that this take is on, if it was there. */
  readonly take?: TakeId | null;
  /** From 1 on; beyond the last page it is the last. */
  readonly page?: number;
}

/**
 * A page of a story as it was; null if there is none at this address. What is hidden now stays
 * hidden. Words that have changed since are for those who may read their history: what somebody
 * deleted is not for everybody.
 * @throws {Problem} `unavailable`
 */
export function readStoryAt(db: Database, slug: string, asked: Asked): Promise<StoryThen | null> {
  return whileReachable(() =>
    inOneState(db, async (tx) => {
      const story = await standingBySlug(tx, slug, asked.viewer);
      if (story === null || !may('listen', story.standing)) return null;
      const at = new Date(asked.atMs);
      const ordered = inReadingOrder(await treeAt(tx, story.storyId, at, asked.viewer));
      const pageOf = new Map(
        ordered.map(({ take }, place) => [take.id, 1 + Math.floor(place / THEN_PAGE)]),
      );
      const pageCount = Math.max(1, Math.ceil(ordered.length / THEN_PAGE));
      const named = asked.take == null ? undefined : pageOf.get(asked.take);
      const page = Math.min(named ?? asked.page ?? 1, pageCount);
      const shown = ordered.slice((page - 1) * THEN_PAGE, page * THEN_PAGE);
      const ids = shown.map(({ take }) => take.id);
      const words = await wordsThen(tx, story, { ...asked, ids });
      const parents = shown.flatMap(({ take }) => take.parentId ?? []);
      const authors = await authorsOf(tx, [...ids, ...parents]);
      const authorOf = (id: TakeId): VoiceThen => authors.get(id) ?? SOMEBODY;
      return {
        slug,
        title: await titleAt(tx, story, at),
        takes: shown.map(({ take: { id, parentId }, isFork }) => ({
          id,
          author: authorOf(id),
          parent:
            parentId === null
              ? null
              : { id: parentId, author: authorOf(parentId), page: pageOf.get(parentId) ?? 1 },
          isFork,
          ...(words.get(id) ?? { hidden: true, words: null }),
        })),
        takeCount: ordered.length,
        page,
        pageCount,
      };
    }),
  );
}

const SOMEBODY: VoiceThen = { name: 'Somebody', hue: 0 };

/** What there was, and what answered what: little enough to be read whole. */
function treeAt(db: Queryable, storyId: StoryId, at: Date, viewer: Person | null) {
  return db
    .select({ id: takes.id, parentId: takes.parentId })
    .from(takes)
    .where(and(eq(takes.storyId, storyId), visibleTo(viewer), lte(takes.createdAt, at)))
    .orderBy(asc(takes.createdAt), asc(takes.id));
}

async function authorsOf(
  db: Queryable,
  ids: readonly TakeId[],
): Promise<ReadonlyMap<TakeId, VoiceThen>> {
  const rows = await db
    .select({ id: takes.id, name: users.name, hue: users.hue })
    .from(takes)
    .innerJoin(users, eq(users.id, takes.authorId))
    .where(inArray(takes.id, [...new Set(ids)]));
  return new Map(rows.map(({ id, name, hue }) => [id, { name, hue }]));
}

/** What whoever looks may see of these takes. */
async function wordsThen(
  db: Queryable,
  { storyId, standing }: StoryStanding,
  { viewer, atMs, ids }: Pick<Asked, 'viewer' | 'atMs'> & { readonly ids: readonly TakeId[] },
): Promise<ReadonlyMap<TakeId, Pick<TakeThen, 'hidden' | 'words'>>> {
  const rows = await takesAt(db, storyId, new Date(atMs), ids);
  const heard = rows.filter(({ authorId, hiddenAt, hiddenThen }) =>
    mayHear(viewer, standing, { authorId, hidden: hiddenAt !== null || hiddenThen }),
  );
  const readable = heard.filter(
    ({ authorId, changed }) => changed && may('readHistory', standing, viewer?.id === authorId),
  );
  const then = await readWordsAt(
    db,
    readable.map(({ id }) => id),
    atMs,
  );
  return new Map(
    heard.map(({ id, changed, words }) => [
      id,
      { hidden: false, words: changed ? (then.get(id) ?? null) : words },
    ]),
  );
}

function takesAt(db: Queryable, storyId: StoryId, at: Date, ids: readonly TakeId[]) {
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
      authorId: takes.authorId,
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
    })
    .from(takes)
    .leftJoin(hiding, eq(hiding.takeId, takes.id))
    .where(inArray(takes.id, [...ids]));
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
