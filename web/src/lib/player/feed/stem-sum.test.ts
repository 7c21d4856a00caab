import { expect, test } from 'vitest';
import { takeNumber } from '../testing/paths.ts';
import { sumStems, type Voice } from './stem-sum.ts';

const voice = (startSamples: number, level: number, gainDb = 0): Voice => ({
  take: {
    id: takeNumber(1),
    startSamples,
    durationSamples: 1_000,
    stem: { sha256: 'a', gainDb, url: '' },
  },
  samples: new Float32Array(1_000).fill(level),
});

test('each stem sounds at its place and its gain, and where both sound they add up', () => {
  const sum = sumStems([voice(0, 0.5), voice(600, 0.25, -20)], { from: 0, to: 2_000 });
  expect(sum[500]).toBeCloseTo(0.5);
  expect(sum[900]).toBeCloseTo(0.5 * (99 / 240) + 0.025);
  expect(sum[1_200]).toBeCloseTo(0.025);
  expect(sum[1_700]).toBe(0);
});

test('a stretch is that part of the whole, to the sample', () => {
  const voices = [voice(0, 0.5), voice(600, 0.25)];
  const whole = sumStems(voices, { from: 0, to: 1_600 });
  const parts = [0, 700, 701].flatMap((from, index, all) => [
    ...sumStems(voices, { from, to: all[index + 1] ?? 1_600 }),
  ]);
  expect(parts).toEqual([...whole]);
});

test('the edges of a stem rise and fall over five milliseconds, and silence adds nothing', () => {
  const sum = sumStems([voice(0, 1), { ...voice(0, 1), samples: null }], { from: 0, to: 1_000 });
  expect([sum[0], sum[120], sum[240], sum[999]]).toEqual([0, 0.5, 1, 0]);
});
