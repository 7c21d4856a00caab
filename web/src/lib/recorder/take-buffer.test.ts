import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { TakeBuffer } from './take-buffer.ts';

const valueAt = (frame: number): number => frame % 1000;
const block = (frame: number, length: number) => ({
  frame,
  samples: Float32Array.from({ length }, (_, index) => valueAt(frame + index)),
});
const kept = (buffer: TakeBuffer): number[] => buffer.chunks.flatMap((chunk) => [...chunk]);

test('whatever the blocks, the take holds exactly the frames from its start to its end', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 20 }),
      fc.nat(500),
      fc.nat(3000),
      fc.boolean(),
      (lengths, start, length, endFirst) => {
        const buffer = new TakeBuffer(start);
        if (endFirst) buffer.endAt(start + length);
        let frame = 0;
        for (const size of lengths) {
          buffer.push(block(frame, size));
          frame += size;
        }
        buffer.endAt(start + length);
        const end = Math.min(frame, start + length);
        const frames = Array.from({ length: Math.max(0, end - start) }, (_, i) =>
          valueAt(start + i),
        );
        expect(kept(buffer)).toEqual(frames);
        expect(buffer.length).toBe(frames.length);
        expect(buffer.missing).toBe(0);
        expect(buffer.complete).toBe(frame >= start + length || length === 0);
      },
    ),
  );
});

test('frames that never came are silence, are counted, and move nothing after them', () => {
  const buffer = new TakeBuffer(100);
  buffer.push(block(100, 10));
  buffer.push(block(115, 5));
  buffer.push(block(117, 5));
  expect(kept(buffer)).toEqual([
    ...Array.from({ length: 10 }, (_, i) => 100 + i),
    0,
    0,
    0,
    0,
    0,
    ...Array.from({ length: 7 }, (_, i) => 115 + i),
  ]);
  expect(buffer.missing).toBe(5);
});

test('the margins around a take are kept, and are no part of it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 20 }),
      fc.nat(400),
      fc.nat(900),
      fc.nat(250),
      (lengths, start, length, margin) => {
        const buffer = new TakeBuffer(start + margin, margin);
        let frame = 0;
        for (const size of lengths) {
          buffer.push(block(frame, size));
          frame += size;
        }
        buffer.endAt(start + margin + length);
        const all = kept(buffer);
        const { fromFrames, frames } = buffer.cut;
        const end = start + 2 * margin + length;
        expect(all).toEqual(
          Array.from({ length: Math.max(0, Math.min(frame, end) - start) }, (_, i) =>
            valueAt(start + i),
          ),
        );
        expect(fromFrames).toBe(margin);
        expect(frames).toBe(Math.max(0, Math.min(frame - start - margin, length)));
        expect(buffer.length).toBe(frames);
        expect(buffer.complete).toBe(frame >= end || end === start);
        expect(buffer.missing).toBe(0);
      },
    ),
  );
});

test('frames for which the device gave nothing are counted, where they are in the take', () => {
  const buffer = new TakeBuffer(100, 50);
  buffer.push({ ...block(0, 110), isEmpty: true });
  buffer.push(block(110, 100));
  buffer.endAt(200);
  expect(buffer.missing).toBe(10);
  buffer.push({ ...block(210, 100), isEmpty: true });
  expect(buffer.missing).toBe(10);
  expect(buffer.complete).toBe(true);
});

test('known failure 16: an end whose last samples never arrive is a shorter take, not a damaged one', () => {
  const buffer = new TakeBuffer(1_000, 100);
  buffer.push(block(800, 700));
  buffer.endAt(2_000);
  expect(buffer.complete).toBe(false);
  expect(buffer.cut).toEqual({ fromFrames: 100, frames: 500 });
  expect(buffer.missing).toBe(0);
});

test('known failure 36: a context that has run for days counts beyond 32 bits', () => {
  for (const start of [2 ** 31 - 5, 2 ** 32 - 5, 2 ** 40]) {
    const buffer = new TakeBuffer(start, 3);
    buffer.push({ frame: start - 3, samples: Float32Array.from({ length: 20 }, (_, i) => i) });
    buffer.endAt(start + 10);
    expect(buffer.length).toBe(10);
    expect(kept(buffer)).toEqual(Array.from({ length: 16 }, (_, i) => i));
  }
});
