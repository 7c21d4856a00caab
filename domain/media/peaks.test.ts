import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { SAMPLE_RATE } from '../timeline/samples.ts';
import { OVERVIEW_POINTS, overviewRate, peakRates, peaksAtRates } from './peaks.ts';

const pairs = fc.array(
  fc.tuple(fc.integer({ min: -128, max: 0 }), fc.integer({ min: 0, max: 127 })),
  {
    maxLength: 2_500,
  },
);
const bytesOf = (of: readonly (readonly [number, number])[]): Uint8Array =>
  new Uint8Array(new Int8Array(of.flat()).buffer);

test('each pair of a resolution is the least and the greatest of those that it stands for', () => {
  fc.assert(
    fc.property(pairs, (finest) => {
      const rates = peaksAtRates(bytesOf(finest));
      for (const rate of peakRates) {
        const each = 100 / rate;
        const wanted = Array.from({ length: Math.ceil(finest.length / each) }, (_, at) => {
          const group = finest.slice(at * each, (at + 1) * each);
          return [
            Math.min(...group.map(([least]) => least)),
            Math.max(...group.map(([, most]) => most)),
          ];
        });
        expect([...new Int8Array(rates[rate].slice().buffer)]).toEqual(wanted.flat());
      }
    }),
  );
});

test('peaks that lie in the middle of a larger buffer are read where they lie', () => {
  const buffer = new Uint8Array([99, 99, 0xf6, 5, 0xec, 7, 99]);
  expect([...new Int8Array(peaksAtRates(buffer.subarray(2, 6))[1].slice().buffer)]).toEqual([
    -20, 7,
  ]);
});

test('an overview has a pair for each of its points, and reads no finer than it must', () => {
  fc.assert(
    fc.property(fc.integer({ min: 5 * SAMPLE_RATE, max: 600 * SAMPLE_RATE }), (durationSamples) => {
      const seconds = durationSamples / SAMPLE_RATE;
      const { fewest, most, perSecond } = OVERVIEW_POINTS;
      const points = Math.min(most, Math.max(fewest, Math.round(seconds * perSecond)));
      const rate = overviewRate(durationSamples);
      expect(seconds * rate).toBeGreaterThanOrEqual(points);
      expect(rate).toBeLessThan(100);
    }),
  );
  expect(overviewRate(SAMPLE_RATE)).toBe(100);
});
