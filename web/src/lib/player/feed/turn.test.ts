import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GRID_SAMPLES, SEGMENT_SAMPLES } from '#domain/timeline/grid.ts';
import { CALM_SAMPLES, DECODED_SAMPLES, turnOf } from './turn.ts';

const position = fc.integer({ min: 0, max: 20 * SEGMENT_SAMPLES });

describe('where another path takes the place of what plays', () => {
  test.each([DECODED_SAMPLES, CALM_SAMPLES])(
    'nothing before %d samples ahead is replaced, and at most one step of the grid more is kept',
    (margin) => {
      fc.assert(
        fc.property(position, (at) => {
          const turn = turnOf([{ from: 0, to: 30 * SEGMENT_SAMPLES }], at, margin);
          expect(turn % GRID_SAMPLES).toBe(0);
          expect(turn - at).toBeGreaterThanOrEqual(margin);
          expect(turn - at).toBeLessThan(margin + GRID_SAMPLES);
        }),
      );
    },
  );

  test('what is not held cannot be kept', () => {
    const to = 5 * GRID_SAMPLES + 100;
    expect(turnOf([{ from: 0, to }], to - 200, CALM_SAMPLES)).toBe(5 * GRID_SAMPLES);
    expect(turnOf([{ from: 0, to }], to, CALM_SAMPLES)).toBe(0);
    expect(turnOf([], 0, CALM_SAMPLES)).toBe(0);
  });
});
