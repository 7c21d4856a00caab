// Walking a story with the keyboard: where each arrow leads from a take.
import type { TakeId } from '#domain/story/ids.ts';
import type { PlacedTake } from '#domain/story/take.ts';
import { isPlaced } from '#domain/story/take.ts';
import { placedChildren, type StoryTree } from '#domain/story/tree.ts';

/**
 * The take that a key leads to, or null where it leads nowhere: ← parent, → the child on the
 * current path or else the oldest, ↑ ↓ siblings, Home the seed, End the end of the path.
 */
export function walk(
  tree: StoryTree,
  { from, path, key }: { from: TakeId; path: readonly PlacedTake[]; key: string },
): TakeId | null {
  const take = tree.takes.get(from);
  if (take === undefined) return null;
  switch (key) {
    case 'ArrowLeft':
      return take.parentId;
    case 'ArrowRight':
      return onward(tree, from, path);
    case 'ArrowUp':
      return sibling(tree, from, -1);
    case 'ArrowDown':
      return sibling(tree, from, 1);
    case 'Home':
      return tree.root?.id ?? null;
    case 'End':
      return path.at(-1)?.id ?? null;
    default:
      return null;
  }
}

/** The takes that answer the same tail as this one, itself included, oldest first. */
export function siblingsOf(tree: StoryTree, id: TakeId): PlacedTake[] {
  const parentId = tree.takes.get(id)?.parentId;
  if (parentId === null || parentId === undefined) {
    const { root } = tree;
    return root !== null && isPlaced(root) ? [root] : [];
  }
  return placedChildren(tree, parentId);
}

/** Every placed take, parents before children, a branch at a time. */
export function inReadingOrder(tree: StoryTree): PlacedTake[] {
  const order: PlacedTake[] = [];
  const waiting = tree.root !== null && isPlaced(tree.root) ? [tree.root] : [];
  for (let take = waiting.pop(); take !== undefined; take = waiting.pop()) {
    order.push(take);
    waiting.push(...placedChildren(tree, take.id).toReversed());
  }
  return order;
}

function onward(tree: StoryTree, from: TakeId, path: readonly PlacedTake[]): TakeId | null {
  const at = path.findIndex(({ id }) => id === from);
  const next = at === -1 ? undefined : path[at + 1];
  return (next ?? placedChildren(tree, from)[0])?.id ?? null;
}

function sibling(tree: StoryTree, from: TakeId, step: -1 | 1): TakeId | null {
  const all = siblingsOf(tree, from);
  return all[all.findIndex(({ id }) => id === from) + step]?.id ?? null;
}
