import { expect, test } from 'vitest';
import { announceDownload, describeDownload } from './download-words.ts';

const now = new Date(2026, 10, 27, 14, 2).getTime();
const day = 86_400_000;

test.each([
  [{ state: 'waiting', ahead: 0 }, 'It is next…'],
  [{ state: 'waiting', ahead: 1 }, 'Waiting for 1 other…'],
  [{ state: 'waiting', ahead: 2 }, 'Waiting for 2 others…'],
  [{ state: 'working', done: 0.409 }, 'Mixing 40 %'],
  [
    { state: 'ready', bytes: 3_210_000, untilMs: now + day },
    'Ready, 3.2 MB, kept until tomorrow 14:02',
  ],
  [{ state: 'ready', bytes: 640, untilMs: now + 60_000 }, 'Ready, 1 kB, kept until today 14:03'],
  [{ state: 'failed' }, 'This file could not be made. The story is as it was; try again.'],
] as const)('%j is told as “%s”', (at, words) => {
  expect(describeDownload('flac', at, now)).toBe(words);
});

test('stems are packed, not mixed', () => {
  expect(describeDownload('stems', { state: 'working', done: 1 }, now)).toBe('Packing 100 %');
});

test('a screen reader is told what a file comes to, not each percent', () => {
  const [early, late] = [0.2, 0.9].map((done) =>
    announceDownload('mp3', { state: 'working', done }),
  );
  expect(early).toBe(late);
  expect(announceDownload('mp3', { state: 'waiting', ahead: 2 })).toBe('MP3 waits for 2 others.');
});
