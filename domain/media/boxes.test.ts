import { expect, test } from 'vitest';
import { BoxError, findBox, makeBox, readBoxes } from './boxes.ts';

const inner = makeBox('mvex', new Uint8Array([9]));
const file = new Uint8Array([...makeBox('ftyp'), ...makeBox('moov', makeBox('mvhd'), inner)]);

test('boxes are read in order with their positions', () => {
  expect(readBoxes(file)).toEqual([
    { type: 'ftyp', start: 0, payload: 8, end: 8 },
    { type: 'moov', start: 8, payload: 16, end: 33 },
  ]);
});

test('a nested box is found by its path, a missing one is null', () => {
  expect(findBox(file, ['moov', 'mvex'])).toEqual({
    type: 'mvex',
    start: 24,
    payload: 32,
    end: 33,
  });
  expect(findBox(file, ['moov', 'trak'])).toBeNull();
});

test('bytes that break off, or a box larger than its container, are refused', () => {
  expect(() => readBoxes(file.subarray(0, file.length - 1))).toThrow(BoxError);
  expect(() => readBoxes(new Uint8Array([0, 0, 0, 4, 65, 65, 65, 65]))).toThrow(BoxError);
  expect(() => readBoxes(new Uint8Array(7))).toThrow(BoxError);
});

test('a 64-bit size is read', () => {
  const long = new Uint8Array(18);
  const view = new DataView(long.buffer);
  view.setUint32(0, 1);
  long.set([109, 100, 97, 116], 4);
  view.setBigUint64(8, 18n);
  expect(readBoxes(long)).toEqual([{ type: 'mdat', start: 0, payload: 16, end: 18 }]);
});
