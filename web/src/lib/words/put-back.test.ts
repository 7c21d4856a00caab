import { describe, expect, it } from 'vitest';
import { placeUnsaved } from './put-back.ts';

/** What becomes of `current` when the change from `base` to `text` is put back. */
function putBack(base: string | null, text: string, current: string, maxLength = 100): string {
  const place = placeUnsaved({ base, text }, current, maxLength);
  if (place === null) return current;
  let result = current;
  for (const { start, end } of place.removals.toReversed())
    result = result.slice(0, start) + result.slice(end);
  return result.slice(0, place.index) + place.insert + result.slice(place.index);
}

describe('placeUnsaved', () => {
  it.each([
    ['nobody wrote meanwhile', 'Once.', 'Once. Upon', 'Once.', 'Once. Upon'],
    ['others wrote before it', 'Once.', 'Once. Upon', 'Listen. Once.', 'Listen. Once. Upon'],
    [
      'others wrote at the same place',
      'Once.',
      'Once. Mine.',
      'Once. Theirs.',
      'Once. Mine. Theirs.',
    ],
    ['others took away what it follows', 'One two three', 'One two three four', 'One', 'One four'],
    ['it took words away', 'One two three', 'One three', 'Well. One two three', 'Well. One three'],
    ['both took the same away', 'One two three', 'One three', 'One three', 'One three'],
    ['it arrived after all', 'Once.', 'Once. Upon', 'Once. Upon', 'Once. Upon'],
  ])('keeps both when %s', (...[, base, text, current, whole]) => {
    expect(putBack(base, text, current)).toBe(whole);
  });

  it('does not guess at a change when the words before it are not known', () => {
    expect(putBack(null, 'Once. Upon', 'Once.')).toBe('Once.');
  });

  it('stays within the bounds', () => {
    expect(putBack('Once.', 'Once. Upon a time', 'Once. Then', 12)).toHaveLength(12);
  });
});
