import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { ClockWatch } from './clock-watch.ts';

const RATE = 48_000;
const BLOCK = 2_048;

/** A take of so many seconds whose blocks arrive late by up to `jitterMs`, and after a skip. */
function watched({
  seconds,
  jitterMs = () => 0,
  ppm = 0,
  skipMs = 0,
}: {
  seconds: number;
  jitterMs?: (block: number) => number;
  /** By how much the device's clock is slower than the page's. */
  ppm?: number;
  /** Time that passes in the middle without a frame. */
  skipMs?: number;
}): number {
  const clock = new ClockWatch(RATE);
  const blocks = Math.floor((seconds * RATE) / BLOCK);
  for (let n = 1; n <= blocks; n += 1) {
    const frameMs = (n * BLOCK * 1_000) / RATE;
    const skipped = n > blocks / 2 ? skipMs : 0;
    clock.push(n * BLOCK, 5_000 + frameMs * (1 + ppm / 1e6) + skipped + jitterMs(n));
  }
  return clock.driftMs;
}

test('a page that is busy now and then is no drift', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 11, max: 60 }),
      fc.infiniteStream(fc.nat(900)),
      (seconds, late) => {
        // Of a few blocks at least one is heard of in time.
        const jitterMs = (n: number) => (n % 7 === 0 ? 3 : (late.next().value ?? 0));
        expect(watched({ seconds, jitterMs })).toBe(0);
      },
    ),
    { numRuns: 25 },
  );
});

test('time that the device lost is told, to the millisecond where the page is prompt', () => {
  expect(watched({ seconds: 12, skipMs: 80 })).toBe(80);
  expect(watched({ seconds: 12, skipMs: -60 })).toBe(-60);
});

test('as much as one block, or a quarter of a percent of the take, is let pass', () => {
  expect(watched({ seconds: 12, skipMs: 42 })).toBe(0);
  expect(watched({ seconds: 60, skipMs: 140 })).toBe(0);
  expect(watched({ seconds: 60, skipMs: 160 })).toBe(160);
  // Two good quartzes.
  expect(watched({ seconds: 600, ppm: 100 })).toBe(0);
  expect(watched({ seconds: 600, ppm: 4_000 })).toBeGreaterThan(2_000);
});

test('of a take too short to compare two ends, nothing is said', () => {
  expect(watched({ seconds: 9, skipMs: 500 })).toBe(0);
  expect(new ClockWatch(RATE).driftMs).toBe(0);
});
