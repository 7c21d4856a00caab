// The other ways at a fork: which takes could sound in the place of one of the open path.
import type { TakeId } from '#domain/story/ids.ts';
import type { PlacedTake } from '#domain/story/take.ts';
import type { StoryTree } from '#domain/story/tree.ts';
import { siblingsOf } from '../tree/walk.ts';

export interface Ghosts {
  /** The take of the open path that they would replace. */
  readonly fork: PlacedTake;
  /** The take before it among those that answer the same tail, and the one after. */
  readonly above: PlacedTake | null;
  readonly below: PlacedTake | null;
  /** How many answer that tail, and which of them is open, from 1. */
  readonly count: number;
  readonly position: number;
}

/**
 * The alternatives of the take that sounds, or else those of the next take ahead that has any.
 * `isHeard` says which takes may be gone to.
 */
export function ghostsAt(
  tree: StoryTree,
  path: readonly PlacedTake[],
  { takeId, isHeard }: { takeId: TakeId | null; isHeard: (take: PlacedTake) => boolean },
): Ghosts | null {
  const from = Math.max(
    0,
    path.findIndex(({ id }) => id === takeId),
  );
  for (const fork of path.slice(from)) {
    const all = siblingsOf(tree, fork.id).filter((take) => take.id === fork.id || isHeard(take));
    if (all.length < 2) continue;
    const at = all.findIndex(({ id }) => id === fork.id);
    const [above = null, below = null] = [all[at - 1], all[at + 1]];
    return { fork, above, below, count: all.length, position: at + 1 };
  }
  return null;
}
