import { expect, test } from 'vitest';
import { hasBegun, isOver } from './place.ts';

const second = 48_000;

test('whoever is near to either end of a path has not begun, or is done', () => {
  const places = [0, 4, 5, 55, 56, 70].map((at) => at * second);
  expect(places.map(hasBegun)).toEqual([false, false, true, true, true, true]);
  expect(places.map((at) => isOver(at, 60 * second))).toEqual([
    false,
    false,
    false,
    false,
    true,
    true,
  ]);
});
