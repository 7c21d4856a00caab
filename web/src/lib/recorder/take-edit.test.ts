import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';
import { cut, lacking, lengthOf, trimmed, trimLimits, wholeOf, type Place } from './take-edit.ts';

const seed: Place = { punchSamples: 0, parent: null };
/** Over a parent whose tail is three seconds long. */
const branch: Place = {
  punchSamples: 10 * SAMPLE_RATE,
  parent: { startSamples: 4 * SAMPLE_RATE, durationSamples: 9 * SAMPLE_RATE },
};
const ramp = (length: number): Float32Array => Float32Array.from({ length }, (_, i) => 1 + i);
const second = SAMPLE_RATE;

describe('over a parent', () => {
  test('the end goes back until one second of tail is left', () => {
    const trim = trimmed({ fromSamples: 0, toSamples: second }, 8 * second, branch);
    expect(trim).toEqual({ fromSamples: 0, toSamples: 4 * second });
    expect(lacking(lengthOf(trim, branch), branch)).toBe(0);
  });

  test('what is cut at the start becomes silence, and nothing after it moves', () => {
    const samples = ramp(5 * second);
    const kept = cut(samples, { fromSamples: second, toSamples: 5 * second }, branch);
    expect(kept.length).toBe(5 * second);
    expect(kept.slice(0, second).every((sample) => sample === 0)).toBe(true);
    expect(kept[second + 1_000]).toBe(samples[second + 1_000]);
  });

  test('a take that was interrupted before its tail cannot be cut, and says what it lacks', () => {
    const whole = 2 * second;
    expect(trimLimits(wholeOf(whole), whole, branch).earliestTo).toBe(whole);
    expect(lacking(whole, branch)).toBe(second + 1);
  });
});

test('a seed is cut at both ends, to a second at least', () => {
  const samples = ramp(4 * second);
  const trim = trimmed({ fromSamples: second, toSamples: 3 * second }, samples.length, seed);
  const kept = cut(samples, trim, seed);
  expect(kept.length).toBe(2 * second);
  expect(kept[1_000]).toBe(samples[second + 1_000]);
  const least = trimmed({ fromSamples: 3 * second, toSamples: 0 }, samples.length, seed);
  expect(least.toSamples - least.fromSamples).toBe(second);
});

test('whatever is asked for: a trim lies in the recording, leaves a tail, and keeps the original', () => {
  const place = fc.constantFrom(seed, branch);
  const number = fc.integer({ min: -second, max: 12 * second });
  fc.assert(
    fc.property(
      place,
      number,
      number,
      fc.integer({ min: second, max: 10 * second }),
      (...given) => {
        const [where, fromSamples, toSamples, whole] = given;
        const trim = trimmed({ fromSamples, toSamples }, whole, where);
        expect(trim.fromSamples).toBeGreaterThanOrEqual(0);
        expect(trim.fromSamples).toBeLessThan(trim.toSamples);
        expect(trim.toSamples).toBeLessThanOrEqual(whole);
        // What left a tail still does; what did not lacks no more than before.
        expect(lacking(lengthOf(trim, where), where)).toBe(lacking(whole, where));
        // Trimming twice is trimming once.
        expect(trimmed(trim, whole, where)).toEqual(trim);
      },
    ),
  );
});

test('a cut is faded in and out, and leaves the recording as it was', () => {
  const samples = new Float32Array(3 * second).fill(1);
  const kept = cut(samples, { fromSamples: second / 2, toSamples: 2 * second }, seed);
  expect([kept[0], kept.at(-1)]).toEqual([0, 0]);
  expect(kept[second]).toBe(1);
  expect(samples.every((sample) => sample === 1)).toBe(true);
});
