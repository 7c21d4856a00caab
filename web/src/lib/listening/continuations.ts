// Where somebody can go on listening: what their account says, and what this device heard since.
import * as v from 'valibot';
import { remainderSchema, type Continuation } from '#domain/protocol/listening.ts';
import { hasBegun } from '#domain/timeline/place.ts';
import type { PlaceHere } from './places.ts';

const CONTINUE = 'continue';

/** The most stories that are offered to go on with. */
export const MAX_CONTINUATIONS = 3;

/** What the account says of stories in which nothing was heard later on this device. */
export function standing(
  account: readonly Continuation[],
  here: readonly PlaceHere[],
): Continuation[] {
  const heardMs = new Map(here.map(({ storyId, heardAtMs }) => [storyId, heardAtMs]));
  return account.filter(({ storyId, heardAtMs }) => heardAtMs >= (heardMs.get(storyId) ?? 0));
}

/** The places of this device that the account knows nothing newer of, and that one can go on from. */
export function newsHere(
  account: readonly Continuation[],
  here: readonly PlaceHere[],
): PlaceHere[] {
  const known = new Set(standing(account, here).map(({ storyId }) => storyId));
  return here
    .filter(({ storyId, positionSamples }) => !known.has(storyId) && hasBegun(positionSamples))
    .slice(0, MAX_CONTINUATIONS);
}

/** The newest of each story, as many as are offered. */
export function newestOf(all: readonly Continuation[]): Continuation[] {
  const oldestFirst = all.toSorted((a, b) => a.heardAtMs - b.heardAtMs);
  const newest = new Map(oldestFirst.map((place) => [place.storyId, place]));
  return oldestFirst
    .filter((place) => newest.get(place.storyId) === place)
    .toReversed()
    .slice(0, MAX_CONTINUATIONS);
}

/** What is left from a place; null if nothing is, or if that cannot be known now. */
export async function continuationAt(place: PlaceHere): Promise<Continuation | null> {
  const { leafId, positionSamples, heardAtMs } = place;
  try {
    const response = await fetch(`/api/takes/${leafId}/remainder?at=${positionSamples}`);
    if (!response.ok) return null;
    const remainder = v.parse(v.nullable(remainderSchema), await response.json());
    return remainder === null ? null : { ...remainder, leafId, positionSamples, heardAtMs };
  } catch {
    return null;
  }
}

/** The address at which one goes on at once. */
export function continueHref({ slug, leafId }: Continuation): string {
  return `/s/${slug}?take=${leafId}&${CONTINUE}`;
}

/** Whether an address says to go on where one was. */
export function asksToContinue(url: URL): boolean {
  return url.searchParams.has(CONTINUE);
}
