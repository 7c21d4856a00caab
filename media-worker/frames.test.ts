import { expect, test } from 'vitest';
import { adtsFrames, FrameError, oggPackets } from './frames.ts';

const adts = (body: number[]): number[] => {
  const size = body.length + 7;
  return [
    0xff,
    0xf1,
    0x4c,
    0x40 | (size >> 11),
    (size >> 3) & 0xff,
    ((size & 7) << 5) | 0x1f,
    0xfc,
    ...body,
  ];
};
const oggPage = (laces: number[], body: number[]): number[] => [
  ...Buffer.from('OggS'),
  ...Array.from({ length: 22 }, () => 0),
  laces.length,
  ...laces,
  ...body,
];

test('ADTS frames come out in order, without their headers', () => {
  const stream = new Uint8Array([...adts([1, 2, 3]), ...adts([4])]);
  expect(adtsFrames(stream)).toEqual([new Uint8Array([1, 2, 3]), new Uint8Array([4])]);
});

test('a stream that is cut off, or no ADTS, is refused', () => {
  const stream = new Uint8Array(adts([1, 2, 3]));
  expect(() => adtsFrames(stream.subarray(0, -1))).toThrow(FrameError);
  expect(() => adtsFrames(stream.subarray(1))).toThrow(FrameError);
});

test('Ogg packets are joined over segments and pages', () => {
  const long = Array.from({ length: 300 }, (_, index) => index % 256);
  const stream = new Uint8Array([
    ...oggPage([2, 255], [7, 8, ...long.slice(0, 255)]),
    ...oggPage([45, 1], [...long.slice(255), 9]),
  ]);
  const packets = oggPackets(stream).map((packet) => [...packet]);
  expect(packets).toEqual([[7, 8], long, [9]]);
});

test('an Ogg stream that is cut off, or none, is refused', () => {
  const stream = new Uint8Array(oggPage([3], [1, 2, 3]));
  expect(() => oggPackets(stream.subarray(0, -1))).toThrow(FrameError);
  expect(() => oggPackets(stream.subarray(1))).toThrow(FrameError);
});
