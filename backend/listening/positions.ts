// Where somebody is in a story: the newest place wins, on whichever device it was.
import { and, desc, eq, gte, lt, sql } from 'drizzle-orm';
import type { Person } from '#domain/access/policy.ts';
import { Problem } from '#domain/protocol/problem.ts';
import type { ListeningPosition } from '#domain/protocol/listening.ts';
import type { StoryId, UserId } from '#domain/story/ids.ts';
import { EDGE_SAMPLES } from '#domain/timeline/place.ts';
import { listeningPositions, stories, takes } from '#drizzle/schema.ts';
import type { Queryable } from '../postgres/database.ts';
import { whileReachable } from '../postgres/query-error.ts';
import { isThere } from '../story/standing.ts';

interface Listener {
  readonly person: Person & { readonly id: UserId };
  readonly storyId: StoryId;
}

/**
 * Keeps where somebody is. What was heard before what is kept changes nothing, in whatever order
 * they arrive; a clock that runs ahead counts as now, so that it cannot outlast the others.
 * @throws {Problem} `not_found` if the story has no such take, `unavailable`
 */
export async function keepPosition(
  db: Queryable,
  { person, storyId }: Listener,
  { leafId, positionSamples, heardAtMs }: ListeningPosition,
): Promise<void> {
  const heardAt = sql`least(now(), to_timestamp(${heardAtMs}::float8 / 1000))`;
  await whileReachable(async () => {
    const [leaf] = await db
      .select({ id: takes.id })
      .from(takes)
      .where(and(eq(takes.id, leafId), eq(takes.storyId, storyId)));
    if (leaf === undefined) throw new Problem('not_found', 'This story has no such take.');
    await db
      .insert(listeningPositions)
      .values({ userId: person.id, storyId, leafId, positionSamples, heardAt })
      .onConflictDoUpdate({
        target: [listeningPositions.userId, listeningPositions.storyId],
        set: {
          leafId: sql`excluded.leaf_id`,
          positionSamples: sql`excluded.position_samples`,
          heardAt: sql`excluded.heard_at`,
        },
        setWhere: lt(listeningPositions.heardAt, sql`excluded.heard_at`),
      });
  });
}

/** Where somebody was last; null if they have not listened. @throws {Problem} `unavailable` */
export async function readPosition(
  db: Queryable,
  { person, storyId }: Listener,
): Promise<ListeningPosition | null> {
  const [row] = await whileReachable(() =>
    db
      .select()
      .from(listeningPositions)
      .where(
        and(eq(listeningPositions.userId, person.id), eq(listeningPositions.storyId, storyId)),
      ),
  );
  if (row === undefined) return null;
  return positionOf(row);
}

/**
 * Where somebody was last, newest first: in stories that are there, that they have begun and not
 * heard to the end.
 * @throws {Problem} `unavailable`
 */
export async function newestPositions(
  db: Queryable,
  person: Person,
  limit: number,
): Promise<ListeningPosition[]> {
  const rows = await whileReachable(() =>
    db
      .select({ position: listeningPositions })
      .from(listeningPositions)
      .innerJoin(stories, eq(stories.id, listeningPositions.storyId))
      .where(
        and(
          eq(listeningPositions.userId, person.id),
          gte(listeningPositions.positionSamples, EDGE_SAMPLES),
          isThere,
        ),
      )
      .orderBy(desc(listeningPositions.heardAt))
      .limit(limit),
  );
  return rows.map(({ position }) => positionOf(position));
}

function positionOf({
  leafId,
  positionSamples,
  heardAt,
}: typeof listeningPositions.$inferSelect): ListeningPosition {
  return { leafId, positionSamples, heardAtMs: heardAt.getTime() };
}
