import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { PEAK_SAMPLES, WaveformReader } from './waveform.ts';

function read(pcm: Int16Array, pieceBytes: number) {
  const bytes = Buffer.from(pcm.buffer);
  const reader = new WaveformReader();
  for (let at = 0; at < bytes.length; at += pieceBytes)
    reader.add(bytes.subarray(at, at + pieceBytes));
  return reader.finish();
}

test('peaks are the least and the greatest sample of each hundredth of a second', () => {
  const pcm = new Int16Array(PEAK_SAMPLES + 10);
  pcm[3] = -25_600;
  pcm[7] = 12_800;
  pcm[PEAK_SAMPLES] = 32_767;
  const { peaks, peak, durationSamples } = read(pcm, 4_096);
  expect([...new Int8Array(peaks.buffer)]).toEqual([-100, 50, 0, 127]);
  expect(peak).toBeCloseTo(1, 3);
  expect(durationSamples).toBe(PEAK_SAMPLES + 10);
});

test('the pieces that samples arrive in make no difference, not even odd ones', () => {
  const pcm = Int16Array.from({ length: 5_001 }, (_, at) => Math.round(20_000 * Math.sin(at / 9)));
  expect(read(pcm, 7)).toEqual(read(pcm, 100_000));
  const md5 = createHash('md5').update(Buffer.from(pcm.buffer)).digest('hex');
  expect(read(pcm, 7).md5).toBe(md5);
});

test('half a second of quiet is a silence, a breath is not, and the last one ends with the stem', () => {
  const pcm = new Int16Array(48_000 * 3 + 11).fill(5_000);
  pcm.fill(20, 48_000, 48_000 + 24_000); // half a second
  pcm.fill(20, 48_000 * 2, 48_000 * 2 + 20_000); // a breath
  pcm.fill(0, 48_000 * 2 + 24_000);
  expect(read(pcm, 4_096).silences).toEqual([
    { startSamples: 48_000, durationSamples: 24_000 },
    { startSamples: 120_000, durationSamples: 24_011 },
  ]);
});

test('no samples give no peaks', () => {
  expect(read(new Int16Array(), 4_096)).toMatchObject({
    durationSamples: 0,
    silences: [],
    peak: 0,
  });
});
