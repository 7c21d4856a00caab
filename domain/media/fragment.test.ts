import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { BoxError } from './boxes.ts';
import { cutFragment, readFragment, writeFragment, type Fragment } from './fragment.ts';

const fragmentArb: fc.Arbitrary<Fragment> = fc.record({
  startSamples: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  frames: fc.array(
    fc.record({
      bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }),
      durationSamples: fc.integer({ min: 1, max: 1_024 }),
    }),
    { minLength: 1, maxLength: 12 },
  ),
});

const endOf = ({ startSamples, frames }: Fragment): number =>
  frames.reduce((end, { durationSamples }) => end + durationSamples, startSamples);

test('a fragment that was written is read as it was', () => {
  fc.assert(
    fc.property(fragmentArb, (fragment) => {
      const read = readFragment(writeFragment(fragment, 7));
      expect(read.startSamples).toBe(fragment.startSamples);
      expect(
        read.frames.map(({ bytes, durationSamples }) => [[...bytes], durationSamples]),
      ).toEqual(fragment.frames.map(({ bytes, durationSamples }) => [[...bytes], durationSamples]));
    }),
  );
});

test('a cut leaves exactly the frames that begin at or after it, at their own time', () => {
  fc.assert(
    fc.property(fragmentArb, fc.nat(14_000), (fragment, after) => {
      const from = fragment.startSamples + after;
      const cut = cutFragment(writeFragment(fragment, 1), from);
      const starts = fragment.frames.map((_, index) =>
        endOf({ ...fragment, frames: fragment.frames.slice(0, index) }),
      );
      const left = fragment.frames.filter((_, index) => (starts[index] ?? 0) >= from);
      const read = cut === null ? null : readFragment(cut);
      expect(read?.frames.length ?? 0).toBe(left.length);
      expect(read?.startSamples ?? from).toBeGreaterThanOrEqual(from);
      expect(read === null ? endOf(fragment) : endOf(read)).toBe(endOf(fragment));
    }),
  );
});

test('what is no fragment of ours is refused', () => {
  const bytes = writeFragment(
    { startSamples: 0, frames: [{ bytes: new Uint8Array(5), durationSamples: 960 }] },
    1,
  );
  expect(() => readFragment(bytes.subarray(0, bytes.length - 1))).toThrow(BoxError);
  expect(() => readFragment(new Uint8Array())).toThrow(BoxError);
});
