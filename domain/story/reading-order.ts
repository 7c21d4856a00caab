// The takes of a tree in an order in which they can be read from top to bottom.
import type { TakeId } from './ids.ts';

interface Node {
  readonly id: TakeId;
  readonly parentId: TakeId | null;
}

export interface Placed<T> {
  readonly take: T;
  /** True if another take answers the same one and comes before it. */
  readonly isFork: boolean;
}

/**
 * Each take after the one that it answers: a path to its end first, then back to the last fork.
 * Siblings stay in the order they come in; what no seed leads to is left out.
 */
export function inReadingOrder<T extends Node>(takes: readonly T[]): Placed<T>[] {
  const answers = Map.groupBy(takes, ({ parentId }) => parentId);
  const ordered: Placed<T>[] = [];
  const waiting = placed(answers.get(null));
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    ordered.push(next);
    waiting.push(...placed(answers.get(next.take.id)));
  }
  return ordered;
}

/** Last first, as they are taken from the end. */
function placed<T>(siblings: readonly T[] = []): Placed<T>[] {
  return siblings.map((take, n) => ({ take, isFork: n > 0 })).toReversed();
}
