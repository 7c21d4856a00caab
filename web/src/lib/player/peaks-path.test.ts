import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { peaksOf, peaksPath } from './peaks-path.ts';

const points = (path: string): [number, number][] =>
  path
    .slice(1, -1)
    .split('L')
    .map((point) => point.split(' ').map(Number) as [number, number]);

test('whatever the peaks, the drawing is closed and stays inside its box', () => {
  fc.assert(
    fc.property(
      fc.int8Array({ minLength: 2, maxLength: 2000 }),
      fc.integer({ min: 1, max: 900 }),
      fc.integer({ min: 1, max: 200 }),
      (peaks, width, height) => {
        const path = peaksPath(peaks, width, height);
        expect(path).toMatch(/^M[\d.]+ [\d.]+(L[\d.]+ [\d.]+)*Z$/u);
        for (const [x, y] of points(path)) {
          expect(x >= 0 && x <= width + 0.05).toBe(true);
          expect(y >= -0.05 && y <= height + 0.05).toBe(true);
        }
      },
    ),
  );
});

test('a loud moment is drawn where it is, however far the peaks are condensed', () => {
  const peaks = new Int8Array(2 * 1000);
  peaks[2 * 750] = -128;
  peaks[2 * 750 + 1] = 127;
  const highest = points(peaksPath(peaks, 100, 40)).toSorted(([, a], [, b]) => a - b)[0];
  expect(highest?.[0]).toBeCloseTo(75, -1);
  expect(highest?.[1]).toBeLessThan(1);
});

test('bytes of a response and signed peaks draw the same', () => {
  const signed = new Int8Array([-100, 90, -3, 4]);
  expect(peaksPath(new Uint8Array(signed.buffer), 50, 20)).toBe(peaksPath(signed, 50, 20));
});

test('no peaks draw nothing', () => {
  expect(peaksPath(new Int8Array(), 50, 20)).toBe('');
  expect(peaksPath(new Int8Array([1]), 50, 20)).toBe('');
});

test('peaks of samples are the lowest and highest of each hundredth, across chunks', () => {
  const chunks = [new Float32Array([0.5, -1]), new Float32Array([1, 0.25, -0.5])];
  expect([...peaksOf(chunks, 2)]).toEqual([-127, 64, 0, 127, -63, 0]);
});
