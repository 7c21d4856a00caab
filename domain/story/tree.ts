// The read model of a story: takes as a tree, whatever order or damage they arrive in.
import { endOf } from '../timeline/duet.ts';
import type { TakeId } from './ids.ts';
import { isHidden, isPlaced, likesOf, type PathTake, type Placed, type Take } from './take.ts';

export interface StoryTree<T extends PathTake = Take> {
  /** The seed, or null while none has arrived. */
  readonly root: T | null;
  /** Every take reachable from the seed, by id. Orphans and loops are left out. */
  readonly takes: ReadonlyMap<TakeId, T>;
  /** Children of each take, oldest first, ties by id. */
  readonly children: ReadonlyMap<TakeId, readonly T[]>;
}

const oldestFirst = (a: PathTake, b: PathTake): number =>
  a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : 1);

/** Builds the tree of a story in O(n log n). Takes that no path from the seed reaches are dropped. */
export function treeOf<T extends PathTake>(all: Iterable<T>): StoryTree<T> {
  const byParent = Map.groupBy(all, (take) => take.parentId);
  const roots = (byParent.get(null) ?? []).toSorted(oldestFirst);
  const root = roots[0] ?? null;
  const takes = new Map<TakeId, T>();
  const children = new Map<TakeId, readonly T[]>();
  const waiting = root === null ? [] : [root];
  for (let take = waiting.pop(); take !== undefined; take = waiting.pop()) {
    if (takes.has(take.id)) continue;
    takes.set(take.id, take);
    const below = (byParent.get(take.id) ?? []).toSorted(oldestFirst);
    children.set(take.id, below);
    waiting.push(...below);
  }
  return { root, takes, children };
}

/** The takes from the seed to `id`, both included; empty if the tree does not hold `id`. */
export function pathTo<T extends PathTake>(tree: StoryTree<T>, id: TakeId): T[] {
  const path: T[] = [];
  for (let take = tree.takes.get(id); take !== undefined;) {
    path.push(take);
    take = take.parentId === null ? undefined : tree.takes.get(take.parentId);
  }
  return path.toReversed();
}

/** The children of a take that can be shown to everybody. */
export function placedChildren<T extends PathTake>(tree: StoryTree<T>, id: TakeId): Placed<T>[] {
  return (tree.children.get(id) ?? []).filter(isPlaced);
}

/**
 * The path that is played unless somebody chooses another: from `from` (the seed, if not given) to
 * where the likes of all takes on the way sum up to the most; ties to the latest end, then to the
 * older take, then by id. It enters no take that is hidden. Empty for a story without a placed seed.
 */
export function hitPath<T extends PathTake>(tree: StoryTree<T>, from?: TakeId): Placed<T>[] {
  const start = from === undefined ? tree.root : (tree.takes.get(from) ?? null);
  if (start === null || !isPlaced(start)) return [];
  let best: Reach<Placed<T>> = { take: start, likes: likesOf(start) };
  const waiting: Reach<Placed<T>>[] = [best];
  for (let reach = waiting.pop(); reach !== undefined; reach = waiting.pop()) {
    if (isBetter(reach, best)) best = reach;
    for (const take of placedChildren(tree, reach.take.id)) {
      if (!isHidden(take)) waiting.push({ take, likes: reach.likes + likesOf(take) });
    }
  }
  return pathTo(tree, best.take.id).filter(isPlaced);
}

/** How far a path goes, and what it gathered on the way. */
interface Reach<P> {
  readonly take: P;
  readonly likes: number;
}

function isBetter<P extends Placed<PathTake>>(one: Reach<P>, best: Reach<P>): boolean {
  const gain = one.likes - best.likes || endOf(one.take) - endOf(best.take);
  return gain > 0 || (gain === 0 && oldestFirst(one.take, best.take) < 0);
}
