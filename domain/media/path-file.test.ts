import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { takeId } from '../story/ids.ts';
import { SEGMENT_SAMPLES } from '../timeline/grid.ts';
import type { Stretch } from '../timeline/path-packs.ts';
import { findBox, makeBox, readBoxes } from './boxes.ts';
import { pathFile, piecesOf, type PathFile } from './path-file.ts';

const init = makeBox('ftyp', new Uint8Array([1, 2, 3]));
const objectBytes = (key: string, at: number): number => (key.charCodeAt(0) * 31 + at * 7) % 256;

const stretchArb = fc
  .record({
    key: fc.constantFrom('a', 'b', 'c', 'd'),
    offset: fc.nat(500),
    sizes: fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 6 }),
  })
  .map(({ key, offset, sizes }): Stretch => ({
    takeId: takeId('0190d5a6-0000-7000-8000-000000000001'),
    objectKey: key,
    offset,
    bytes: sizes.reduce((sum, size) => sum + size, 0),
    segments: sizes.map((bytes) => ({ bytes, durationSamples: SEGMENT_SAMPLES })),
  }));
const fileArb = fc.array(stretchArb, { minLength: 1, maxLength: 5 }).map((s) => pathFile(init, s));

/** The whole file, made the plain way: header, then every stretch. */
function wholeOf(file: PathFile): number[] {
  const body = file.stretches.flatMap((stretch) =>
    Array.from({ length: stretch.bytes }, (_, i) =>
      objectBytes(stretch.objectKey, stretch.offset + i),
    ),
  );
  return [...file.header, ...body];
}

describe('pathFile', () => {
  test('any range of the file is that slice of the whole', () => {
    fc.assert(
      fc.property(fileArb, fc.nat(), fc.nat(), (file, a, b) => {
        const start = Math.min(a % file.bytes, b % file.bytes);
        const end = Math.max(a % file.bytes, b % file.bytes);
        const got = piecesOf(file, { start, end }).flatMap((piece) =>
          Array.from({ length: piece.end - piece.start + 1 }, (_, i) =>
            piece.from === 'header'
              ? (file.header[piece.start + i] ?? -1)
              : objectBytes(piece.objectKey, piece.start + i),
          ),
        );
        expect(got).toEqual(wholeOf(file).slice(start, end + 1));
      }),
    );
  });

  test('the index names the size and length of every fragment, in order', () => {
    fc.assert(
      fc.property(fileArb, (file) => {
        const sidx = findBox(file.header, ['sidx']);
        if (sidx === null) throw new Error('the header holds no sidx');
        const view = new DataView(file.header.buffer, sidx.payload);
        const segments = file.stretches.flatMap((stretch) => stretch.segments);
        expect(view.getUint32(8)).toBe(48_000);
        expect(view.getUint16(30)).toBe(segments.length);
        const named = segments.map((_, i) => ({
          bytes: view.getUint32(32 + 12 * i),
          durationSamples: view.getUint32(36 + 12 * i),
        }));
        expect(named).toEqual(
          segments.map(({ bytes, durationSamples }) => ({ bytes, durationSamples })),
        );
        expect(sidx.end).toBe(file.header.length);
      }),
    );
  });

  test('the header is the init section and then the index', () => {
    const file = pathFile(init, []);
    expect(readBoxes(file.header).map((box) => box.type)).toEqual(['ftyp', 'sidx']);
    expect(file.header.subarray(0, init.length)).toEqual(init);
  });

  test('a range that leaves the file is refused', () => {
    const file = pathFile(init, []);
    expect(() => piecesOf(file, { start: 0, end: file.bytes })).toThrow(RangeError);
    expect(() => piecesOf(file, { start: 3, end: 2 })).toThrow(RangeError);
    expect(() => piecesOf(file, { start: -1, end: 2 })).toThrow(RangeError);
  });
});
