import { expect, test } from 'vitest';
import type { EnginePath } from '../engine.ts';
import { takeNumber } from '../testing/paths.ts';
import { Choice } from './choice.ts';

const path = (leaf: number, ...silent: number[]): EnginePath => ({
  leaf: takeNumber(leaf),
  state: '',
  silent,
  isHeard: true,
});
const isUrgent = (chosen: EnginePath, before: EnginePath | null, unheard: Choice | null = null) =>
  new Choice(chosen, { before, unheard }).isUrgent;

test('another branch is waited for, and so is the end of a voice that was hidden', () => {
  expect(isUrgent(path(2), path(1))).toBe(true);
  expect(isUrgent(path(1, 0, 1), path(1, 0))).toBe(true);
});

test('nobody waits for the same mixed anew, or for a voice that is heard again', () => {
  expect(isUrgent(path(1), path(1))).toBe(false);
  expect(isUrgent(path(1, 0), path(1, 0, 1))).toBe(false);
});

test('what was waited for is still, when it is mixed anew before it is heard', () => {
  const unheard = new Choice(path(2), { before: path(1), unheard: null });
  expect(isUrgent(path(2), path(2), unheard)).toBe(true);
});
