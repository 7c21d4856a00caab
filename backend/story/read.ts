// Reading a story as a page shows it, in three queries whatever its size.
import { and, asc, eq, inArray, ne, or, sql } from 'drizzle-orm';
import { mayHear, type Person, type Standing } from '#domain/access/policy.ts';
import { overviewFromSamples } from '#domain/media/peaks.ts';
import type { StoryMeta, StoryView } from '#domain/story/document.ts';
import type { StoryId, TakeId, UserId } from '#domain/story/ids.ts';
import type { Voice } from '#domain/story/take.ts';
import { stems, stories, takes, users } from '#drizzle/schema.ts';
import type { Queryable } from '../postgres/database.ts';
import { whileReachable } from '../postgres/query-error.ts';
import { peaksColumns } from '../media/read-stem.ts';
import { isThere, withStanding } from './standing.ts';
import { takeColumns, takeOf } from './take-row.ts';

/** What is heard of a voice take at a glance. */
export interface Waveform {
  /** Signed 8-bit min/max pairs, at the resolution of an overview of it (`overviewRate`). */
  readonly peaks: Uint8Array;
  /** Stretches of silence, in samples from the take's start. */
  readonly silences: readonly { readonly startSamples: number; readonly durationSamples: number }[];
}

/** Peaks that are read of one story, bytes: a hundred hours of voice. */
const MAX_PEAKS_BYTES = 8 * 1024 * 1024;

const overviewPeaks = sql.join([
  sql`case`,
  ...overviewFromSamples.map(
    ([rate, from]) => sql` when ${stems.durationSamples} >= ${from} then ${peaksColumns[rate]}`,
  ),
  sql` else ${stems.peaks} end`,
]);

const boundedPeaks = sql`case
  when sum(octet_length(${overviewPeaks})) over (order by ${takes.createdAt}, ${takes.id})
    <= ${MAX_PEAKS_BYTES} then ${overviewPeaks} end`
  .mapWith(stems.peaks)
  .as('peaks');

export interface StoryRead extends StoryView {
  readonly id: StoryId;
  readonly meta: StoryMeta;
  readonly ownerId: UserId;
  /** What the viewer is in it. */
  readonly standing: Standing;
  readonly createdAtMs: number;
  /** The words of each take that has some. */
  readonly words: ReadonlyMap<TakeId, string>;
  /**
   * The waveform of each voice take that is ingested: of a story with days of voice, of its oldest
   * takes.
   */
  readonly waveforms: ReadonlyMap<TakeId, Waveform>;
}

/**
 * A story by its slug, takes oldest first, or null if there is none. A failed take is in it for
 * its author only; of a hidden one, others get no words and no waveform.
 * @throws {Problem} `unavailable`
 */
export async function readStory(
  db: Queryable,
  slug: string,
  viewer: Person | null,
): Promise<StoryRead | null> {
  return whileReachable(async () => {
    const [story] = await db
      .select()
      .from(stories)
      .where(and(eq(stories.slug, slug), isThere));
    if (story === undefined) return null;
    const { standing } = await withStanding(db, story, viewer);
    // After the revision, so that the takes are never older than it says.
    const rows = await db
      .select({ ...takeColumns, words: takes.words, peaks: boundedPeaks, silences: stems.silences })
      .from(takes)
      .leftJoin(stems, eq(stems.takeId, takes.id))
      .where(and(eq(takes.storyId, story.id), visibleTo(viewer)))
      .orderBy(asc(takes.createdAt), asc(takes.id));
    const heard = rows.filter(({ authorId, hiddenAt }) =>
      mayHear(viewer, standing, { authorId, hidden: hiddenAt !== null }),
    );
    return {
      id: story.id,
      standing,
      ownerId: story.ownerId,
      createdAtMs: story.createdAt.getTime(),
      meta: { title: story.title, slug: story.slug, revision: story.revision },
      takes: rows.map(takeOf),
      voices: await voicesOf(db, new Set(rows.map((row) => row.authorId))),
      words: new Map(heard.flatMap(({ id, words }) => (words === '' ? [] : [[id, words]]))),
      waveforms: new Map(
        heard.flatMap(({ id, peaks, silences }) =>
          peaks === null ? [] : [[id, { peaks, silences: silences ?? [] }]],
        ),
      ),
    };
  });
}

/** Which takes somebody may see: all that have not failed, and their own. */
export function visibleTo(viewer: Person | null) {
  const placed = ne(takes.status, 'failed');
  return viewer === null ? placed : or(placed, eq(takes.authorId, viewer.id));
}

/** The voices of people, by their ids. */
export async function voicesOf(
  db: Queryable,
  ids: ReadonlySet<UserId>,
): Promise<ReadonlyMap<UserId, Voice>> {
  const voices = await db
    .select({ id: users.id, name: users.name, hue: users.hue })
    .from(users)
    .where(inArray(users.id, [...ids]));
  return new Map(voices.map((voice) => [voice.id, voice]));
}
