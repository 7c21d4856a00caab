import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GRID_SAMPLES, segmentAt, segmentStart, SEGMENT_SAMPLES } from './grid.ts';
import {
  formatClock,
  MAX_PATH_SAMPLES,
  msToSamples,
  SAMPLE_RATE,
  samplesToMs,
  samplesToSeconds,
  secondsToSamples,
} from './samples.ts';

const position = fc.integer({ min: 0, max: MAX_PATH_SAMPLES });

describe('positions in samples', () => {
  it.each([
    [0, '0:00'],
    [SAMPLE_RATE - 1, '0:00'],
    [7 * SAMPLE_RATE, '0:07'],
    [754 * SAMPLE_RATE, '12:34'],
    [3723 * SAMPLE_RATE, '1:02:03'],
    [-5, '0:00'],
  ])('%i samples read %s', (samples, text) => {
    expect(formatClock(samples)).toBe(text);
  });

  it('survive seconds and milliseconds', () => {
    fc.assert(
      fc.property(position, (samples) => {
        expect(secondsToSamples(samplesToSeconds(samples))).toBe(samples);
        expect(samplesToMs(msToSamples(samplesToMs(samples)))).toBe(samplesToMs(samples));
      }),
    );
  });

  it('lie in exactly one segment', () => {
    fc.assert(
      fc.property(position, (samples) => {
        const start = segmentStart(segmentAt(samples));
        expect(start).toBeLessThanOrEqual(samples);
        expect(samples).toBeLessThan(start + SEGMENT_SAMPLES);
      }),
    );
  });

  it('meet whole frames of both codecs on the grid', () => {
    expect([GRID_SAMPLES % 960, GRID_SAMPLES % 1024, SEGMENT_SAMPLES]).toEqual([0, 0, 92_160]);
  });
});
