import { expect, test } from 'vitest';
import { pack, silhouetteOf, silhouettePath, unpack, wordsSilhouette } from './silhouette.ts';

function peaksOf(seconds: number, level: (second: number) => number): Uint8Array {
  const pairs = Int8Array.from({ length: seconds * 200 }, (_, index) => {
    const reach = level(Math.floor(index / 2) / 100);
    return index % 2 === 0 ? -reach : reach;
  });
  return new Uint8Array(pairs.buffer);
}

const drawn = (seconds: number, level: (second: number) => number) =>
  silhouetteOf(peaksOf(seconds, level), seconds * 48_000);

test('loud stretches stand out from quiet ones, and the loudest fills the height', () => {
  const levels = drawn(10, (second) => (second < 5 ? 20 : 100));
  expect(Math.max(...levels)).toBe(63);
  expect(levels[3]).toBeLessThan(20);
  expect(levels.length).toBe(44);
});

test('a long take has no more points than a page can carry', () => {
  expect(drawn(600, () => 50)).toHaveLength(110);
});

test('silence is a thin line rather than noise blown up', () => {
  expect(Math.max(...drawn(5, () => 1))).toBeLessThan(10);
});

test('a path is closed and stays in its box', () => {
  const path = silhouettePath(drawn(8, (second) => second * 12));
  expect(path).toMatch(/^M[\d .L]+Z$/u);
  const heights = [...path.matchAll(/ (\d+\.\d)/gu)].map(([, y]) => Number(y));
  expect(Math.min(...heights)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...heights)).toBeLessThanOrEqual(40);
});

test('no peaks at all still draw something', () => {
  expect(silhouettePath(silhouetteOf(new Uint8Array(), 48_000))).toMatch(/Z$/u);
  expect(wordsSilhouette(4).length).toBeGreaterThan(8);
});

test('a shape travels as one printable letter a level', () => {
  const levels = Array.from({ length: 64 }, (_, level) => level);
  expect(unpack(pack(levels))).toEqual(levels);
  expect(pack(levels)).toMatch(/^[0-~]{64}$/u);
});
