import { expect, test } from 'vitest';
import { LevelWatch, meterShare, SILENT, TOO_LOUD } from './level.ts';

const tone = (amplitude: number, seconds = 0.1): Float32Array =>
  Float32Array.from({ length: seconds * 48_000 }, (_, i) => amplitude * Math.sin(i / 10));

test('a sine reads its peak and an rms 3 dB below, once', () => {
  const watch = new LevelWatch();
  watch.push(tone(0.5));
  const level = watch.read();
  expect(level.peak).toBeCloseTo(0.5, 2);
  expect(level.rms).toBeCloseTo(0.5 / Math.SQRT2, 2);
  expect(watch.read()).toEqual({ peak: 0, rms: 0, warning: null });
});

test('between two blocks there is nothing new to read, so that the meter does not flicker', () => {
  const watch = new LevelWatch();
  expect(watch.hasNews).toBe(false);
  watch.push(tone(0.5));
  expect(watch.hasNews).toBe(true);
  watch.read();
  expect(watch.hasNews).toBe(false);
});

test('clipping is said at once and for a while after', () => {
  const watch = new LevelWatch();
  watch.push(tone(1));
  expect(watch.read().warning).toBe(TOO_LOUD);
  watch.push(tone(0.2, 1));
  expect(watch.read().warning).toBe(TOO_LOUD);
  watch.push(tone(0.2, 1));
  expect(watch.read().warning).toBeNull();
});

test('silence is said after three seconds, and taken back by any sound', () => {
  const watch = new LevelWatch();
  watch.push(new Float32Array(2.9 * 48_000));
  expect(watch.read().warning).toBeNull();
  watch.push(new Float32Array(0.2 * 48_000));
  expect(watch.read().warning).toBe(SILENT);
  watch.push(tone(0.01));
  expect(watch.read().warning).toBeNull();
});

test('the meter runs from -60 dB to full scale', () => {
  expect([0, 0.001, 0.1, 1, 2].map(meterShare)).toEqual([0, 0, expect.closeTo(2 / 3), 1, 1]);
});
