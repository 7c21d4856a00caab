import { expect, test } from 'vitest';
import { gainFor, readLoudness } from './loudness.ts';

const summary = (lufs: string, peak: string): string[] => [
  '[Parsed_ebur128_3 @ 0x1] Summary:',
  '  Integrated loudness:',
  `    I:         ${lufs} LUFS`,
  '  Loudness range:',
  '    LRA:         0.5 LU',
  '  True peak:',
  `    Peak:       ${peak} dBFS`,
];

test('the last summary counts: ffmpeg may print one before it has heard anything', () => {
  const lines = [...summary('-70.0', '-inf'), 'size= 1kB', ...summary('-21.2', '-8.3')];
  expect(readLoudness(lines)).toEqual({ lufs: -21.2, truePeakDb: -8.3 });
});

test('silence has no loudness and is left alone', () => {
  const loudness = readLoudness(summary('-70.0', '-inf'));
  expect(loudness).toEqual({ lufs: null, truePeakDb: null });
  expect(gainFor(loudness)).toBe(0);
});

test('a voice is brought to -16 LUFS, but never over -1 dBTP, and never by more than 30 dB', () => {
  expect(gainFor({ lufs: -21.2, truePeakDb: -8.3 })).toBe(5.2);
  expect(gainFor({ lufs: -21.2, truePeakDb: -3 })).toBe(2);
  expect(gainFor({ lufs: -10, truePeakDb: 0 })).toBe(-6);
  expect(gainFor({ lufs: -60, truePeakDb: -50 })).toBe(30);
});

test('ffmpeg without a summary is a fault', () => {
  expect(() => readLoudness(['size= 1kB'])).toThrow('no loudness summary');
});
