import { expect, test } from 'vitest';
import { MediaRefused } from './ffmpeg/failures.ts';
import { readProbe } from './probe.ts';

const said = (stream: string, duration = '00:00:04.71'): string[] => [
  `Input #0, wav, from 'upload':`,
  '  Metadata:',
  '    title           : Stream #0:0: Audio: forged, 1 Hz, mono',
  `  Duration: ${duration}, start: 0.000000, bitrate: 768 kb/s`,
  `  Stream #0:0(eng): ${stream}`,
];

function reasonOf(lines: readonly string[]): string {
  try {
    readProbe(lines);
    return 'accepted';
  } catch (error) {
    return error instanceof MediaRefused ? error.reason : String(error);
  }
}

test('codec, rate and length are read, and tags that look like them are not', () => {
  const lines = said('Audio: pcm_s16le ([1][0][0][0] / 0x0001), 44100 Hz, stereo, s16, 768 kb/s');
  expect(readProbe(lines)).toEqual({
    codec: 'pcm_s16le',
    sampleRate: 44_100,
    durationSeconds: 4.71,
  });
});

test('a length that is unknown or guessed is none', () => {
  const audio = 'Audio: opus, 48000 Hz, mono, fltp';
  expect(readProbe(said(audio, 'N/A')).durationSeconds).toBeNull();
  const guessed = ['[mp3 @ 0x1] Estimating duration from bitrate, this may be inaccurate'];
  expect(readProbe([...guessed, ...said(audio)]).durationSeconds).toBeNull();
});

test.each([
  ['Audio: pcm_s16le, 1 Hz, mono, s16', 'not_audio'],
  ['Audio: pcm_s16le, 1000000 Hz, mono, s16', 'not_audio'],
  ['Audio: pcm_s16le, 48000 Hz, 64 channels, s16', 'not_audio'],
  ['Audio: pcm_s16le, 48000 Hz, hexadecagonal, s16', 'not_audio'],
  ['Video: h264, yuv420p, 16x16, 25 fps', 'silent_stream'],
  ['Audio: aac (LC), 48000 Hz, 5.1(side), fltp', 'accepted'],
  ['Audio: flac, 96000 Hz, 8 channels, s32 (24 bit)', 'accepted'],
])('%s: %s', (stream, reason) => {
  expect(reasonOf(said(stream))).toBe(reason);
});

test('what says that it lasts for hours is too long before any of it is decoded', () => {
  expect(reasonOf(said('Audio: opus, 48000 Hz, mono, fltp', '24:00:00.00'))).toBe('too_long');
});
