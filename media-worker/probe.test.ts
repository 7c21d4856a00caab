import { expect, test } from 'vitest';
import { MediaRefused } from './ffmpeg/failures.ts';
import { ProbeListener, type Probe } from './probe.ts';

const said = (stream: string, duration = '00:00:04.71'): string[] => [
  `Input #0, wav, from 'upload':`,
  '  Metadata:',
  '    title           : Stream #0:0: Video: h264',
  `  Duration: ${duration}, start: 0.000000, bitrate: 768 kb/s`,
  `  Stream #0:0(eng): ${stream}`,
];
const audio = 'Audio: opus, 48000 Hz, mono, fltp';

function probeOf(lines: readonly string[]): Probe {
  const listener = new ProbeListener(() => undefined);
  for (const line of lines) listener.onLine(line);
  return listener.result();
}

function reasonOf(lines: readonly string[]): string {
  try {
    probeOf(lines);
    return 'accepted';
  } catch (error) {
    return error instanceof MediaRefused ? error.reason : String(error);
  }
}

test('the length is read, and one that is unknown or guessed is none', () => {
  expect(probeOf(said(audio))).toEqual({ durationSeconds: 4.71 });
  expect(probeOf(said(audio, 'N/A'))).toEqual({ durationSeconds: null });
  const guessed = ['[mp3 @ 0x1] Estimating duration from bitrate, this may be inaccurate'];
  expect(probeOf([...guessed, ...said(audio)])).toEqual({ durationSeconds: null });
});

test.each([
  ['Audio: pcm_s16le, 1 Hz, mono, s16', 'not_audio'],
  ['Audio: pcm_s16le, 1000000 Hz, mono, s16', 'not_audio'],
  ['Audio: pcm_s16le, 48000 Hz, 64 channels, s16', 'not_audio'],
  ['Audio: pcm_s16le, 48000 Hz, hexadecagonal, s16', 'not_audio'],
  ['Audio: none (0x1), 48000 Hz, 9 channels (default)', 'not_audio'],
  ['Video: h264, yuv420p, 16x16, 25 fps', 'silent_stream'],
  ['Audio: aac (LC), 48000 Hz, 5.1(side), fltp', 'accepted'],
  ['Audio: flac, 96000 Hz, 8 channels, s32 (24 bit)', 'accepted'],
  ['Audio: pcm_s16le ([1][0][0][0] / 0x0001), 44100 Hz, 2 channels (FL+LFE), s16', 'accepted'],
  ['Audio: none (apac / 0x63617061), 48000 Hz, 4 channels (default)', 'accepted'],
])('%s: %s', (stream, reason) => {
  expect(reasonOf(said(stream))).toBe(reason);
});

test('what says that it lasts for hours is too long before any of it is decoded', () => {
  expect(reasonOf(said(audio, '24:00:00.00'))).toBe('too_long');
});

test('a stream out of bounds is refused as soon as it is known, whatever was said before', () => {
  const refused: unknown[] = [];
  const listener = new ProbeListener((why) => refused.push(why));
  for (const line of [...said(audio), 'Stream mapping:']) listener.onLine(line);
  expect(listener.probe).toEqual({ durationSeconds: 4.71 });
  for (let count = 0; count < 1_000; count++) listener.onLine('told at length');
  listener.onLine('  Stream #0:0: Audio: flac, 1 Hz, mono, s16');
  expect(refused).toEqual([]);
  listener.onLine('Stream mapping:');
  expect(refused).toEqual([expect.objectContaining({ reason: 'not_audio' })]);
  expect(() => listener.result()).toThrow('a sample rate of 1 Hz');
});
