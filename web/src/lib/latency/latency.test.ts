import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compensationFrames, latencyOf, staleness, type MeasuredLatency } from './latency.ts';
import { describeLatency } from './latency-words.ts';

const ms = fc.double({ min: -50, max: 1_500 });
const reported = fc.record({ inputMs: ms, outputMs: ms });
const measured: fc.Arbitrary<MeasuredLatency> = fc.record({
  roundTripMs: fc.double({ min: 0, max: 1_000, noNaN: true }),
  measuredAtMs: fc.constant(Date.UTC(2026, 4, 3)),
  reportedMs: fc.double({ min: 0, max: 1_000, noNaN: true }),
});

test('known failure 37: the number that is shown is the number by which a take is cut', () => {
  fc.assert(
    fc.property(reported, fc.option(measured), (reported, measured) => {
      const latency = latencyOf(reported, measured);
      const frames = compensationFrames(latency, 48_000, false);
      const shown = Number(/ (\d+) ms/u.exec(describeLatency(latency))?.[1]);
      expect(Math.abs(frames / 48 - shown)).toBeLessThanOrEqual(0.52);
      expect(frames).toBeGreaterThanOrEqual(0);
      expect(frames).toBeLessThanOrEqual(48_000);
      expect(latency.inputMs).toBeLessThanOrEqual(latency.roundTripMs);
    }),
  );
});

describe('what was measured', () => {
  const at = Date.UTC(2026, 4, 3);
  const then: MeasuredLatency = { roundTripMs: 143.2, measuredAtMs: at, reportedMs: 60 };

  test('is used in place of what the browser reports, and says when that was', () => {
    const latency = latencyOf({ inputMs: 10, outputMs: 50 }, then);
    expect(latency).toMatchObject({ source: 'measured', roundTripMs: 143.2, inputMs: 10 });
    expect(describeLatency(latency)).toBe('Timing: measured 143 ms on May 3, 2026');
    expect(compensationFrames(latency, 44_100, false)).toBe(6_315);
  });

  test('is not used where nothing is sung to: then only the microphone is late', () => {
    expect(compensationFrames(latencyOf({ inputMs: 10, outputMs: 50 }, then), 48_000, true)).toBe(
      480,
    );
  });

  test('is to be checked after a month, or when the browser reports something else', () => {
    const day = 24 * 60 * 60 * 1_000;
    expect(staleness(then, { inputMs: 10, outputMs: 50 }, at + 29 * day)).toBe(null);
    expect(staleness(then, { inputMs: 10, outputMs: 50 }, at + 31 * day)).toBe('old');
    expect(staleness(then, { inputMs: 10, outputMs: 90 }, at)).toBe('changed');
  });
});

test('without a measurement, what the browser reports is a guess, and called one', () => {
  const latency = latencyOf({ inputMs: 10, outputMs: 50.4 }, null);
  expect(describeLatency(latency)).toBe('Timing: guessed 60 ms');
});
