import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  FADE_SAMPLES,
  fadeAt,
  nextSpeed,
  remainingSamples,
  rewindSamples,
  SPEEDS,
} from './rules.ts';

test('speeds go one by one, and stop at half and at three times', () => {
  expect([nextSpeed(1, 'faster'), nextSpeed(1, 'slower')]).toEqual([1.25, 0.75]);
  expect([nextSpeed(3, 'faster'), nextSpeed(0.5, 'slower')]).toEqual([3, 0.5]);
  fc.assert(
    fc.property(fc.constantFrom(...SPEEDS.slice(0, -1)), (speed) => {
      expect(nextSpeed(nextSpeed(speed, 'faster'), 'slower')).toBe(speed);
    }),
  );
});

test('what remains is what it takes to hear it: half of it at twice the speed', () => {
  expect(remainingSamples(100, 20, 1)).toBe(80);
  expect(remainingSamples(100, 20, 2)).toBe(40);
  expect(remainingSamples(100, 120, 2)).toBe(0);
});

test('the longer a pause, the earlier one goes on; a short one costs nothing', () => {
  const rewinds = [0, 9_999, 10_000, 60_000, 3_600_000].map((ms) => rewindSamples(ms) / 48_000);
  expect(rewinds).toEqual([0, 0, 2, 5, 10]);
});

test('a fade ends in silence where sleep begins, and is not heard before its time', () => {
  fc.assert(
    fc.property(fc.nat(10_000_000), fc.nat(10_000_000), (position, end) => {
      const level = fadeAt(position, end);
      expect(level === 0).toBe(position >= end);
      expect(level === 1).toBe(position <= end - FADE_SAMPLES);
      expect(level).toBeGreaterThanOrEqual(0);
      expect(level).toBeLessThanOrEqual(1);
    }),
  );
});
