import { crc32 as zlibCrc32 } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { takeId } from '#domain/story/ids.ts';
import { crc32 } from './crc32.ts';
import { encodeChunk, encodeHead, readTakeFile, UnreadableTake } from './take-file.ts';
import type { KeptOrigin } from './take-origin.ts';

const origin: KeptOrigin = {
  takeId: takeId('11111111-1111-4111-8111-111111111111'),
  userId: null,
  storyId: null,
  parentId: null,
  slug: null,
  after: '',
  punchSamples: 0,
  sampleRate: 48_000,
  leadFrames: 0,
  compensationFrames: -17,
  capturedAtMs: 1_700_000_000_000,
  device: 'Mikrofon “ä”',
};

/** A take as a writer leaves it, and where each of its chunks begins. */
function fileOf(chunks: readonly Int16Array[], lostFrames = 0) {
  const parts: Uint8Array[] = [encodeHead(origin)];
  const starts: number[] = [];
  let [atFrame, atByte] = [0, parts[0]?.byteLength ?? 0];
  for (const chunk of chunks) {
    const samples = Float32Array.from(chunk, (sample) => sample / 32_767);
    const bytes = encodeChunk({ atFrame, samples, lostFrames });
    starts.push(atByte);
    parts.push(bytes);
    atFrame += chunk.length;
    atByte += bytes.byteLength;
  }
  return { bytes: new Uint8Array(Buffer.concat(parts)), starts: [...starts, atByte] };
}

const samples = (chunks: readonly Int16Array[]): number[] => chunks.flatMap((chunk) => [...chunk]);

const someChunks = fc.array(
  fc.int16Array({ min: -32_767, max: 32_767, minLength: 1, maxLength: 40 }),
  { maxLength: 8 },
);

test('the checksum is the one that everybody means', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), (bytes, at) => {
      expect(crc32(bytes)).toBe(zlibCrc32(bytes));
      expect(crc32(bytes.subarray(0, at), bytes.subarray(at))).toBe(zlibCrc32(bytes));
    }),
  );
});

describe('a take that is kept', () => {
  test('is read as it was written, sample by sample', () => {
    fc.assert(
      fc.property(someChunks, fc.nat(1_000), (chunks, lostFrames) => {
        const read = readTakeFile(fileOf(chunks, lostFrames).bytes);
        expect(read.origin).toEqual(origin);
        expect([...read.samples]).toEqual(samples(chunks));
        expect(read.lostFrames).toBe(chunks.length === 0 ? 0 : lostFrames);
        expect([read.damagedFrames, read.tornBytes]).toEqual([0, 0]);
      }),
    );
  });

  test('known failure 1: is there up to its last whole piece, wherever its file ends', () => {
    fc.assert(
      fc.property(someChunks, fc.double({ min: 0, max: 1, noNaN: true }), (chunks, share) => {
        const { bytes, starts } = fileOf(chunks);
        const first = starts[0] ?? 0;
        const end = first + Math.floor((bytes.byteLength - first) * share);
        const whole = starts.filter((start) => start <= end).length - 1;
        const read = readTakeFile(bytes.subarray(0, end));
        expect([...read.samples]).toEqual(samples(chunks.slice(0, whole)));
        expect(read.damagedFrames).toBe(0);
        expect(read.tornBytes).toBe(end - (starts[whole] ?? 0));
      }),
    );
  });

  test('known failure 15: a piece that was changed is silence, and every other one is there', () => {
    const several = fc.tuple(
      fc.array(fc.int16Array({ min: 1, max: 32_767, minLength: 1, maxLength: 40 }), {
        minLength: 2,
        maxLength: 8,
      }),
      fc.nat(),
      fc.nat(),
    );
    fc.assert(
      fc.property(several, ([chunks, which, where]) => {
        const { bytes, starts } = fileOf(chunks);
        const bad = which % (chunks.length - 1); // The last one is torn rather than damaged.
        const from = starts[bad] ?? 0;
        const at = from + (where % ((starts[bad + 1] ?? 0) - from));
        bytes[at] = (bytes[at] ?? 0) ^ 0x5a;
        const read = readTakeFile(bytes);
        const expected = chunks.map((chunk, index) =>
          index === bad ? new Int16Array(chunk.length) : chunk,
        );
        expect([...read.samples]).toEqual(samples(expected));
        expect(read.damagedFrames).toBe(chunks[bad]?.length);
      }),
    );
  });

  test('known failure 36: has its place beyond 32 bits of frames', () => {
    const atFrame = 2 ** 29 + 3;
    const chunk = encodeChunk({ atFrame, samples: new Float32Array([1, -1, NaN]), lostFrames: 0 });
    expect(new DataView(chunk.buffer).getFloat64(8, true)).toBe(atFrame);
    const beyond = encodeChunk({ atFrame: 2 ** 40, samples: new Float32Array(1), lostFrames: 0 });
    expect(new DataView(beyond.buffer).getFloat64(8, true)).toBe(2 ** 40);
    // What claims to be longer than any take is not believed, and asks for no memory.
    const file = Buffer.concat([encodeHead(origin), beyond]);
    expect(readTakeFile(new Uint8Array(file)).samples.length).toBe(0);
  });

  test('known failure 43: is unreadable without its head, and not empty', () => {
    const { bytes } = fileOf([new Int16Array([1, 2, 3])]);
    bytes[20] = (bytes[20] ?? 0) ^ 1;
    expect(() => readTakeFile(bytes)).toThrow(UnreadableTake);
    expect(() => readTakeFile(new Uint8Array())).toThrow(UnreadableTake);
    // Whoever knows from elsewhere what it is has all of it.
    expect([...readTakeFile(bytes, origin).samples]).toEqual([1, 2, 3]);
  });

  test('anything at all is read without a fault, or refused as unreadable', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        expect(() => readTakeFile(noise)).toThrow(UnreadableTake);
        const { bytes } = fileOf([new Int16Array([7])]);
        const read = readTakeFile(new Uint8Array(Buffer.concat([bytes, noise])));
        expect(read.samples[0]).toBe(7);
      }),
    );
  });
});
