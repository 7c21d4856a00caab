import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GRID_SAMPLES, SEGMENT_SAMPLES } from '#domain/timeline/grid.ts';
import { CALM_SAMPLES, DECODED_SAMPLES, turnOf } from './turn.ts';

const here = { forkSamples: 0, keptBefore: 0 };
const position = fc.integer({ min: 0, max: 20 * SEGMENT_SAMPLES });

describe('where another path takes the place of what plays', () => {
  test.each([DECODED_SAMPLES, CALM_SAMPLES])(
    'nothing before %d samples ahead is replaced, and at most one step of the grid more is kept',
    (margin) => {
      fc.assert(
        fc.property(position, (at) => {
          const turn = turnOf([{ from: 0, to: 30 * SEGMENT_SAMPLES }], {
            ...here,
            position: at,
            marginSamples: margin,
          });
          expect(turn % GRID_SAMPLES).toBe(0);
          expect(turn - at).toBeGreaterThanOrEqual(margin);
          expect(turn - at).toBeLessThan(margin + GRID_SAMPLES);
        }),
      );
    },
  );

  test('what is not held cannot be kept', () => {
    const to = 5 * GRID_SAMPLES + 100;
    const calm = { ...here, marginSamples: CALM_SAMPLES };
    expect(turnOf([{ from: 0, to }], { ...calm, position: to - 200 })).toBe(5 * GRID_SAMPLES);
    expect(turnOf([{ from: 0, to }], { ...calm, position: to })).toBe(0);
    expect(turnOf([], { ...calm, position: 0 })).toBe(0);
  });

  test('nothing of the path before is kept beyond a fork that is still to come', () => {
    const held = [{ from: 0, to: 30 * SEGMENT_SAMPLES }];
    const forkSamples = 4 * SEGMENT_SAMPLES;
    const urgent = { position: forkSamples - 20_000, marginSamples: DECODED_SAMPLES, forkSamples };
    const keptBefore = forkSamples + 3 * GRID_SAMPLES;
    expect(turnOf(held, { ...urgent, keptBefore })).toBe(forkSamples);
    expect(turnOf(held, { ...urgent, keptBefore: 0 })).toBe(0);
  });
});
