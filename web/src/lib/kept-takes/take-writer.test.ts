import { expect, test, vi } from 'vitest';
import { takeId } from '#domain/story/ids.ts';
import { NotKept, type Growing } from './byte-store.ts';
import { readTakeFile } from './take-file.ts';
import type { KeptOrigin } from './take-origin.ts';
import { FileTakeWriter } from './take-writer.ts';

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
  compensationFrames: 0,
  capturedAtMs: 0,
  device: '',
};

/** A file in memory, whose pieces arrive when `gate` lets them. */
function file(gate: () => Promise<void> = async () => undefined) {
  const pieces: Uint8Array[] = [];
  const growing: Growing = {
    append: async (piece) => {
      await gate();
      pieces.push(piece);
    },
    close: async () => undefined,
  };
  return { growing, pieces, read: () => readTakeFile(new Uint8Array(Buffer.concat(pieces))) };
}

const ramp = (from: number, frames: number): Float32Array =>
  Float32Array.from({ length: frames }, (_, index) => ((from + index) % 1_000) / 1_000);

test('every 250 ms of a take are on their way to the device before the next are captured', async () => {
  const { growing, pieces, read } = file();
  const writer = new FileTakeWriter(origin, async () => growing);
  for (let at = 0; at < 48_000; at += 2_048) {
    writer.write(ramp(at, 2_048), 3);
    // What is held back is never longer than that.
    await vi.waitFor(() => expect(at + 2_048 - writer.keptFrames).toBeLessThan(12_000));
  }
  await writer.finish();
  expect(pieces.length).toBeGreaterThan(6);
  const kept = read();
  expect(kept.samples.length).toBe(writer.keptFrames);
  expect(writer.keptFrames).toBe(24 * 2_048);
  expect(kept.lostFrames).toBe(3);
});

test('what is called kept is kept: a slow device is not believed before it answers', async () => {
  const opened = Promise.withResolvers<void>();
  const { growing } = file(() => opened.promise);
  const writer = new FileTakeWriter(origin, async () => growing);
  writer.write(ramp(0, 9_600), 0);
  expect(writer.keptFrames).toBe(0);
  opened.resolve();
  await writer.finish();
  expect(writer.keptFrames).toBe(9_600);
});

test('a device that is full ends the keeping, not the recording', async () => {
  let room = 2;
  const { growing, read } = file(async () => {
    if (room-- === 0) throw new NotKept('full');
  });
  const writer = new FileTakeWriter(origin, async () => growing);
  for (let piece = 0; piece < 4; piece++) writer.write(ramp(0, 4_800), 0);
  await writer.finish();
  expect(writer.trouble).toBe('full');
  // Nothing stands behind a gap, though there was room again.
  expect([writer.keptFrames, read().samples.length]).toEqual([4_800, 4_800]);
});

test('a device that keeps nothing is told about, whenever that shows', async () => {
  const writer = new FileTakeWriter(origin, () => Promise.reject(new Error('private window')));
  writer.write(ramp(0, 4_800), 0);
  await writer.finish();
  expect([writer.trouble, writer.keptFrames]).toEqual(['failed', 0]);
});
