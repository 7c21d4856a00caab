import { expect, test } from 'vitest';
import type { Playlist, RoughTake } from '#domain/protocol/playlist.ts';
import { SEGMENT_SAMPLES } from '#domain/timeline/grid.ts';
import { takeNumber } from '../testing/paths.ts';
import { feedPathOf, forkOf } from './feed-path.ts';

const stretch = (pack: string, firstSegment: number, count: number, lastSamples?: number) => ({
  takeId: takeNumber(firstSegment),
  sha256: pack,
  url: `https://store/${pack}`,
  firstSegment,
  offset: 700,
  segments: Array.from({ length: count }, (_, index) => ({
    bytes: 100 + index,
    durationSamples: index === count - 1 ? (lastSamples ?? SEGMENT_SAMPLES) : SEGMENT_SAMPLES,
  })),
});

const playlist = (parts: Partial<Playlist>): Playlist => ({
  codec: 'aac',
  complete: true,
  initBytes: 700,
  stretches: [],
  rough: { takes: [], unmixed: 0 },
  ...parts,
});

const rough = (index: number, startSamples: number, durationSamples: number): RoughTake => ({
  id: takeNumber(index),
  startSamples,
  durationSamples,
  stem: { sha256: `${index}`, gainDb: 0, url: `https://store/stem${index}` },
});

test('segments lie at their place on the grid, each with its bytes', () => {
  const path = feedPathOf(playlist({ stretches: [stretch('a', 0, 2), stretch('b', 2, 2, 500)] }));
  expect(
    path.segments.map(({ id, source }) => [id, source.kind === 'pack' && source.start]),
  ).toEqual([
    ['a:700', 700],
    ['a:800', 800],
    ['b:700', 700],
    ['b:800', 800],
  ]);
  expect([path.endSamples, path.roughFromSamples]).toEqual([3 * SEGMENT_SAMPLES + 500, null]);
});

test('two branches part where their segments differ, and one path with itself at its end', () => {
  const [jos, lous] = ['jo', 'lou'].map((name) =>
    feedPathOf(playlist({ stretches: [stretch('seed', 0, 3), stretch(name, 3, 4)] })),
  );
  if (jos === undefined || lous === undefined) throw new Error('no paths');
  expect([forkOf(jos, lous), forkOf(jos, jos)]).toEqual([3, 7]);
  const seed = feedPathOf(playlist({ stretches: [stretch('seed', 0, 5)] }));
  expect(forkOf(seed, jos)).toBe(3);
});

test('what is not rendered is laid over the tail it begins in, to the end of the last take', () => {
  const takes = [
    rough(0, 0, 3 * SEGMENT_SAMPLES),
    rough(1, SEGMENT_SAMPLES + 1_000, 3 * SEGMENT_SAMPLES),
  ];
  const path = feedPathOf(
    playlist({
      complete: false,
      stretches: [stretch('seed', 0, 3)],
      rough: { takes, unmixed: 1 },
    }),
  );
  expect(path.segments.map(({ source }) => source.kind)).toEqual([
    'pack',
    'rough',
    'rough',
    'rough',
    'rough',
  ]);
  expect(new Set(path.segments.map(({ id }) => id)).size).toBe(5);
  const sounding = path.segments.map(({ source }) =>
    source.kind === 'rough' ? source.takes.map(({ stem }) => stem?.sha256) : [],
  );
  expect(sounding).toEqual([[], ['0', '1'], ['0', '1'], ['1'], ['1']]);
  expect(path.endSamples).toBe(4 * SEGMENT_SAMPLES + 1_000);
  expect(path.roughFromSamples).toBe(SEGMENT_SAMPLES + 1_000);
});

const idsOf = (takes: RoughTake[]) =>
  feedPathOf(playlist({ complete: false, rough: { takes, unmixed: 2 } })).segments.map(
    ({ id }) => id,
  );

test('the same takes with one of them silent are another sound', () => {
  const [first, second] = [rough(0, 0, 1_000), rough(1, 0, 2_000)];
  expect(idsOf([first, second])).toEqual(idsOf([first, second]));
  expect(idsOf([first, { ...second, stem: null }])).not.toEqual(idsOf([first, second]));
});

test('a seed that is not rendered is a path, too', () => {
  const path = feedPathOf(
    playlist({ complete: false, rough: { takes: [rough(0, 0, 1_000)], unmixed: 1 } }),
  );
  expect([path.segments.length, path.endSamples, path.roughFromSamples]).toEqual([1, 1_000, 0]);
});
