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
