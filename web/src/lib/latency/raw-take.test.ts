import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { MOST_NUDGE_MS, nudged } from './nudge.ts';
import { cutAt, rawTake } from './raw-take.ts';

const RATE = 48_000;
const MARGIN = (MOST_NUDGE_MS * RATE) / 1_000;

/** A recording whose samples say where they are. */
function recorded(frames: number, after = MARGIN) {
  const samples = Float32Array.from({ length: MARGIN + frames + after }, (_, i) => i + 1);
  const chunks = [samples.subarray(0, 1_000), samples.subarray(1_000)];
  return rawTake({ chunks, rate: RATE, cut: { fromFrames: MARGIN, frames } });
}

test('a nudge cuts another stretch of the same samples, as long as before', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -250, max: 250 }),
      fc.integer({ min: 1, max: 3_000 }),
      (ms, n) => {
        const cut = cutAt(recorded(n), ms);
        expect(cut.length).toBe(n);
        expect(cut[0]).toBe(1 + MARGIN - 48 * ms);
        expect(cut.at(-1)).toBe(MARGIN - 48 * ms + n);
      },
    ),
  );
});

test('where nothing was captured it is silent, and what was stays in its place', () => {
  const cut = cutAt(recorded(1_000, 0), -10);
  expect(cut.length).toBe(1_000);
  expect([cut[0], cut[519], cut[520], cut[999]]).toEqual([12_481, 13_000, 0, 0]);
  const seed = rawTake({
    chunks: [Float32Array.of(1, 2, 3)],
    rate: RATE,
    cut: { fromFrames: 0, frames: 3 },
  });
  expect([...cutAt(seed, 0)]).toEqual([1, 2, 3]);
  expect([...cutAt(seed, 250)]).toEqual([0, 0, 0]);
});

test('steps add up to the limit and no further, and say when they were held', () => {
  expect(nudged(0, 10)).toEqual({ ms: 10, limited: false });
  expect(nudged(245, 10)).toEqual({ ms: 250, limited: true });
  expect(nudged(-250, -1)).toEqual({ ms: -250, limited: true });
  expect(nudged(250, -1)).toEqual({ ms: 249, limited: false });
});
