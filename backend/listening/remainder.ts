// What is left to hear for whoever goes on where they were.
import { mayHear, type Person } from '#domain/access/policy.ts';
import type { Continuation, ListeningPosition, Remainder } from '#domain/protocol/listening.ts';
import { isHidden } from '#domain/story/take.ts';
import { hitPath, treeOf } from '#domain/story/tree.ts';
import { endOf } from '#domain/timeline/duet.ts';
import { isOver } from '#domain/timeline/place.ts';
import type { Queryable } from '../postgres/database.ts';
import { whileReachable } from '../postgres/query-error.ts';
import { readAround } from '../story/read-take.ts';
import { voicesOf } from '../story/read.ts';
import { standingAt } from '../story/standing.ts';
import { newestPositions } from './positions.ts';

/**
 * Where somebody can go on, newest first. A place is left out if the story is gone, or if nothing is
 * left that they may hear.
 * @param limit how many of their newest places are looked at
 * @throws {Problem} `unavailable`
 */
export async function readContinuations(
  db: Queryable,
  person: Person,
  limit: number,
): Promise<Continuation[]> {
  const positions = await newestPositions(db, person, limit);
  const remainders = await Promise.all(positions.map((place) => readRemainder(db, place, person)));
  return positions.flatMap((place, at) => {
    const remainder = remainders[at] ?? null;
    return remainder === null ? [] : [{ ...place, ...remainder }];
  });
}

/**
 * What whoever goes on from a place will hear: the path to its leaf, and on from there to where the
 * story's page would lead, up to the last take that they may hear, among the nearest thousand below. Hidden ones before that are silent.
 * The voice is of the last take that has begun by then and may be heard, else of the first to come.
 * Null if the story or the take is gone, and if what is left is nothing, or hidden from them.
 * @throws {Problem} `unavailable`
 */
export async function readRemainder(
  db: Queryable,
  { leafId, positionSamples }: Pick<ListeningPosition, 'leafId' | 'positionSamples'>,
  viewer: Person | null,
): Promise<Remainder | null> {
  return whileReachable(async () => {
    const story = await standingAt(db, leafId, viewer);
    if (story === null) return null;
    const path = hitPath(treeOf(await readAround(db, leafId)), leafId);
    const heard = path.filter((take) =>
      mayHear(viewer, story.standing, { ...take, hidden: isHidden(take) }),
    );
    const length = Math.max(0, ...heard.map(endOf));
    const take =
      heard.findLast(({ startSamples }) => startSamples <= positionSamples) ?? heard.at(0);
    if (take === undefined || isOver(positionSamples, length)) return null;
    const voice = (await voicesOf(db, new Set([take.authorId]))).get(take.authorId);
    if (voice === undefined) return null;
    const { storyId, slug, title } = story;
    return { storyId, slug, title, voice, remainingSamples: length - positionSamples };
  });
}
