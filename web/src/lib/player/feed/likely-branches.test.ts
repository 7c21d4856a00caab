import { expect, test } from 'vitest';
import { SEGMENT_SAMPLES } from '#domain/timeline/grid.ts';
import type { EnginePath } from '../engine.ts';
import { takeNumber } from '../testing/paths.ts';
import type { FeedPath } from './feed-path.ts';
import { LikelyBranches } from './likely-branches.ts';

const never = new AbortController().signal;

/** A path of segments with these ids. */
const feedPath = (...ids: string[]): FeedPath => ({
  codec: 'aac',
  initBytes: 700,
  segments: ids.map((id) => ({
    id,
    durationSamples: SEGMENT_SAMPLES,
    source: { kind: 'pack', url: id, start: 0, bytes: 1 },
  })),
  endSamples: ids.length * SEGMENT_SAMPLES,
  roughFromSamples: null,
});
const path = feedPath('a', 'b', 'c', 'd');
const branch = (index: number): EnginePath => ({
  leaf: takeNumber(index),
  state: '',
  silent: [],
  isHeard: true,
});

/** Branches whose tries end as `comes` says, and what was tried. */
function branchesOf(comes: (leaf: EnginePath) => boolean) {
  const tried: [EnginePath, { index: number; count: number }][] = [];
  const branches = new LikelyBranches({
    prefetch: async (likely, span) => {
      tried.push([likely, span(feedPath('a', 'b', 'x', 'y', 'z'))]);
      return comes(likely);
    },
  });
  return { branches, tried };
}

test('of the two likeliest branches the segments after the fork are loaded, or those that come next', async () => {
  const { branches, tried } = branchesOf(() => true);
  branches.offer([branch(1), branch(2), branch(3)]);
  await branches.load(path, () => 0, never);
  await branches.load(path, () => 3 * SEGMENT_SAMPLES + 5, never);
  expect(tried).toEqual([
    [branch(1), { index: 2, count: 2 }],
    [branch(2), { index: 2, count: 2 }],
    [branch(1), { index: 3, count: 2 }],
    [branch(2), { index: 3, count: 2 }],
  ]);
});

test('what does not come is tried once, until it is offered again', async () => {
  const { branches, tried } = branchesOf(({ leaf }) => leaf === takeNumber(2));
  branches.offer([branch(1), branch(2)]);
  for (const at of [0, 1, 2]) await branches.load(path, () => at, never);
  const triesOf = (index: number) =>
    tried.filter(([{ leaf }]) => leaf === takeNumber(index)).length;
  expect([triesOf(1), triesOf(2)]).toEqual([1, 3]);
  branches.offer([branch(1)]);
  await branches.load(path, () => 0, never);
  expect(triesOf(1)).toBe(2);
});

test('what was given up because another path was chosen is tried again', async () => {
  const { branches, tried } = branchesOf(() => false);
  const leaving = new AbortController();
  branches.offer([branch(1)]);
  leaving.abort();
  await branches.load(path, () => 0, leaving.signal);
  await branches.load(path, () => 0, never);
  expect(tried).toHaveLength(2);
});
