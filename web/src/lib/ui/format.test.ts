import { expect, test } from 'vitest';
import { countOf, formatAgo, formatBytes, formatLength } from './format.ts';

test.each([
  [26 * 48_000, '26 s'],
  [100, '1 s'],
  [64 * 48_000, '1 min 4 s'],
  [120 * 48_000, '2 min'],
])('%i samples read %s', (samples, text) => {
  expect(formatLength(samples)).toBe(text);
});

test('one is singular', () => {
  expect([countOf(1, 'take'), countOf(14, 'take'), countOf(2, 'story', 'stories')]).toEqual([
    '1 take',
    '14 takes',
    '2 stories',
  ]);
});

test.each([
  [5, 'just now'],
  [65, '1 minute ago'],
  [7_300, '2 hours ago'],
  [90_000, '1 day ago'],
])('%i seconds back is %s', (seconds, text) => {
  expect(formatAgo(0, seconds * 1000)).toBe(text);
});

test.each([
  [0, '1 kB'],
  [640_400, '640 kB'],
  [999_600, '1.0 MB'],
  [3_210_000, '3.2 MB'],
  [64_800_000, '65 MB'],
])('%i bytes read %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});
