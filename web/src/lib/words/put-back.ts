// Words that were not saved, put into the words as they are now.
import { simpleDiffString } from 'lib0/diff';
import type { UnsavedWords } from './server-copy.ts';
import { boundSplice, placeSplice, type Place } from './text-change.ts';

/**
 * Where what somebody changed from `base` to `text` goes in `current`, which others may have
 * changed too; null if nothing is left to do, or nobody knows what they changed.
 */
export function placeUnsaved(
  { base, text }: UnsavedWords,
  current: string,
  maxLength: number,
): (Place & { readonly insert: string }) | null {
  if (base === null || current === text) return null;
  const mine = simpleDiffString(base, text);
  const theirs = simpleDiffString(base, current);
  const since = [{ retain: theirs.index }, { insert: theirs.insert }, { delete: theirs.remove }];
  const place = placeSplice(mine, [since]);
  const remove = place.removals.reduce((sum, { start, end }) => sum + end - start, 0);
  const splice = { index: place.index, remove, insert: mine.insert };
  return { ...place, insert: boundSplice(splice, current.length, maxLength).insert };
}
