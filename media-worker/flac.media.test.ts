// What a page mixes by itself is FLAC that every decoder takes for what it is.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { flacFragment, flacInit } from '#domain/media/flac.ts';
import { SEGMENT_SAMPLES } from '#domain/timeline/grid.ts';
import { withJobFolder } from './job-folder.ts';
import { decodeFile } from './testing/files.ts';
import { babble } from './testing/signals.ts';
import { anyTool } from './testing/tools.ts';

test('segments of uncompressed FLAC decode to the very samples that went in', async () => {
  const tool = await anyTool();
  const pcm = babble(3, 2 * SEGMENT_SAMPLES + 12_345);
  pcm.set([-32_768, 32_767, 0, -1, 1], 100);
  const samples = Float32Array.from(pcm, (sample) => sample / 32_768);
  const parts = [0, 1, 2].map((index) =>
    flacFragment(samples.subarray(index * SEGMENT_SAMPLES, (index + 1) * SEGMENT_SAMPLES), index),
  );
  const decoded = await withJobFolder(async (folder) => {
    await writeFile(join(folder, 'rough.mp4'), Buffer.concat([flacInit(), ...parts]));
    return await decodeFile(tool, folder, { name: 'rough.mp4', format: 'mov' });
  });
  expect(decoded.length).toBe(pcm.length);
  expect(decoded.every((sample, at) => sample === pcm[at])).toBe(true);
});

test('frames far into a long path are numbered as FLAC wants it', async () => {
  const tool = await anyTool();
  // Numbers of one, two, three and four bytes.
  for (const segment of [5, 6, 90, 3_000, 23_000]) {
    const samples = new Float32Array(7_777).fill(0.25);
    const decoded = await withJobFolder(async (folder) => {
      const file = Buffer.concat([flacInit(), flacFragment(samples, segment)]);
      await writeFile(join(folder, 'rough.mp4'), file);
      return await decodeFile(tool, folder, { name: 'rough.mp4', format: 'mov' });
    });
    expect(decoded.subarray(-7_777).every((sample) => sample === 8_192)).toBe(true);
  }
});

test('too many samples for a segment, or none, are refused', () => {
  expect(() => flacFragment(new Float32Array(), 0)).toThrow(RangeError);
  expect(() => flacFragment(new Float32Array(SEGMENT_SAMPLES + 1), 0)).toThrow(RangeError);
});
