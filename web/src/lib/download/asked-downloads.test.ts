import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { takeId } from '#domain/story/ids.ts';
import { noteAsked, wasAsked } from './asked-downloads.ts';

const HOUR_MS = 3_600_000;
const [first, second] = [takeId(randomUUID()), takeId(randomUUID())];

function shelf(text: string | null = null) {
  let kept = text;
  return { getItem: () => kept, setItem: (_key: string, value: string) => void (kept = value) };
}

test('what was asked for is known for a day', () => {
  const here = shelf();
  noteAsked(first, 0, here);
  noteAsked(second, 5 * HOUR_MS, here);
  expect(wasAsked(first, 23 * HOUR_MS, here)).toBe(true);
  expect(wasAsked(first, 24 * HOUR_MS, here)).toBe(false);
  expect(wasAsked(second, 24 * HOUR_MS, here)).toBe(true);
});

test('a device that keeps nothing, or something else, stops nobody', () => {
  for (const text of ['', '{}', '[1]', '[{"takeId":"x","atMs":0}]']) {
    expect(wasAsked(first, 0, shelf(text))).toBe(false);
  }
  const forbidden = {
    getItem: (): never => {
      throw new Error('forbidden');
    },
    setItem: (): never => {
      throw new Error('forbidden');
    },
  };
  expect(() => noteAsked(first, 0, forbidden)).not.toThrow();
  expect(wasAsked(first, 0, forbidden)).toBe(false);
});
