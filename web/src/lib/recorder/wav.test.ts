import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeWav, wavBytes } from './wav.ts';

/** A decoder written from the format's description, chunk by chunk. */
function decode(file: Uint8Array) {
  const buffer = Buffer.from(file);
  expect(buffer.toString('latin1', 0, 4)).toBe('RIFF');
  expect(buffer.readUInt32LE(4)).toBe(file.length - 8);
  expect(buffer.toString('latin1', 8, 12)).toBe('WAVE');
  const chunks = new Map<string, Buffer>();
  for (let at = 12; at < buffer.length;) {
    const size = buffer.readUInt32LE(at + 4);
    chunks.set(buffer.toString('latin1', at, at + 4), buffer.subarray(at + 8, at + 8 + size));
    at += 8 + size + (size % 2);
  }
  const format = chunks.get('fmt ');
  const data = chunks.get('data');
  if (format === undefined || data === undefined) throw new Error('a chunk is missing');
  const [kind, channels, bits] = [0, 2, 14].map((at) => format.readUInt16LE(at));
  const samples = Array.from(
    { length: data.length / 2 },
    (_, index) => data.readInt16LE(2 * index) / 32_767,
  );
  return { kind, channels, bits, rate: format.readUInt32LE(4), samples };
}

const chunk = fc.float32Array({ min: -1, max: 1, noNaN: true, maxLength: 50 });

test('what is encoded is decoded again, to half a step of 16 bits, whatever the chunks', () => {
  fc.assert(
    fc.property(fc.array(chunk, { maxLength: 5 }), (chunks) => {
      const file = encodeWav(chunks);
      const samples = chunks.flatMap((part) => [...part]);
      const decoded = decode(file);
      expect(decoded).toMatchObject({ kind: 1, channels: 1, bits: 16, rate: 48_000 });
      expect(file.length).toBe(wavBytes(samples.length));
      expect(decoded.samples.length).toBe(samples.length);
      for (const [index, sample] of samples.entries())
        expect(Math.abs((decoded.samples[index] ?? Number.NaN) - sample)).toBeLessThan(
          0.51 / 32_767,
        );
    }),
  );
});

test('samples beyond full scale are clipped, NaN is silence', () => {
  expect(decode(encodeWav([new Float32Array([2, -7, Number.NaN, Infinity])])).samples).toEqual([
    1, -1, 0, 1,
  ]);
});
