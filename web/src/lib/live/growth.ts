// What a viewer sees of a story's takes, and which of them have just grown.
import type { UserId } from '#domain/story/ids.ts';
import type { Take } from '#domain/story/take.ts';

/** The takes that a viewer may see: a take that failed is shown to its author alone. */
export function visibleTakes(takes: readonly Take[], viewerId: UserId | null): Take[] {
  return takes.filter(
    (take) => take.state.status !== 'failed' || (viewerId !== null && take.authorId === viewerId),
  );
}

/** The takes of `after` that `before` does not have, oldest first. */
export function newTakes(before: readonly Take[], after: readonly Take[]): Take[] {
  const known = new Set(before.map(({ id }) => id));
  return after
    .filter(({ id }) => !known.has(id))
    .toSorted((a, b) => a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : 1));
}

/** One sentence for a live region: who grew the story, however many branches came at once. */
export function describeGrowth(
  grown: readonly Take[],
  nameOf: (id: UserId) => string | undefined,
): string {
  const [first, ...rest] = grown;
  if (first === undefined) return '';
  if (rest.length > 0) return `${grown.length} new branches`;
  const name = nameOf(first.authorId);
  return name === undefined ? 'A new branch' : `A new branch by ${name}`;
}
