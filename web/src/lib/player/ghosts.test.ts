import { expect, test } from 'vitest';
import { userId } from '#domain/story/ids.ts';
import type { PlacedTake } from '#domain/story/take.ts';
import { treeOf } from '#domain/story/tree.ts';
import { ghostsAt } from './ghosts.ts';
import { takeNumber as id } from './testing/paths.ts';

const take = (index: number, parent: number | null): PlacedTake => ({
  id: id(index),
  parentId: parent === null ? null : id(parent),
  authorId: userId('00000000-0000-4000-8000-00000000000a'),
  kind: 'voice',
  startSamples: index * 1_000,
  durationSamples: 5_000,
  createdAtMs: index,
  state: { status: 'ready', mixed: true },
});

// 0 ─ 1 ─ 2, 3 or 4 answer 1; 5 answers 3.
const takes = [take(0, null), take(1, 0), take(2, 1), take(3, 1), take(4, 1), take(5, 3)];
const tree = treeOf(takes);
const pathOf = (...of: number[]): PlacedTake[] => of.flatMap((index) => takes[index] ?? []);
const everything = (): boolean => true;

test('the other ways are those of the take that sounds', () => {
  const ghosts = ghostsAt(tree, pathOf(0, 1, 3, 5), { takeId: id(3), isHeard: everything });
  expect(ghosts).toMatchObject({ fork: { id: id(3) }, above: { id: id(2) }, below: { id: id(4) } });
  expect([ghosts?.position, ghosts?.count]).toEqual([2, 3]);
});

test('before a fork they are those of the fork ahead, and after the last there are none', () => {
  const path = pathOf(0, 1, 3, 5);
  expect(ghostsAt(tree, path, { takeId: id(0), isHeard: everything })?.fork.id).toBe(id(3));
  expect(ghostsAt(tree, path, { takeId: null, isHeard: everything })?.fork.id).toBe(id(3));
  expect(ghostsAt(tree, path, { takeId: id(5), isHeard: everything })).toBeNull();
});

test('the first has nothing above it, and what cannot be heard is passed over', () => {
  const path = pathOf(0, 1, 2);
  const at = (isHeard: (take: PlacedTake) => boolean) =>
    ghostsAt(tree, path, { takeId: id(2), isHeard });
  expect(at(everything)).toMatchObject({ above: null, below: { id: id(3) } });
  expect(at((one) => one.id !== id(3))).toMatchObject({ below: { id: id(4) }, count: 2 });
  expect(at(() => false)).toBeNull();
});
