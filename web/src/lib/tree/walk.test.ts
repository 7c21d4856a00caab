import { describe, expect, test } from 'vitest';
import { takeId, userId, type TakeId } from '#domain/story/ids.ts';
import type { PlacedTake } from '#domain/story/take.ts';
import { treeOf } from '#domain/story/tree.ts';
import { inReadingOrder, walk } from './walk.ts';

const id = (n: number): TakeId => takeId(`00000000-0000-4000-8000-00000000000${n}`);

function take(n: number, parent: number | null): PlacedTake {
  return {
    id: id(n),
    parentId: parent === null ? null : id(parent),
    authorId: userId('00000000-0000-4000-8000-0000000000ff'),
    kind: 'voice',
    startSamples: 0,
    durationSamples: 48_000,
    createdAtMs: n,
    state: { status: 'ready', mixed: true },
  };
}

// 1 ─ 2 ─ 4
//   └ 3
const takes = [take(1, null), take(2, 1), take(3, 1), take(4, 2)];
const tree = treeOf(takes);
const path = takes.filter(({ id: own }) => own !== id(3));

describe('arrow keys', () => {
  test.each([
    [2, 'ArrowLeft', 1],
    [1, 'ArrowRight', 2],
    [2, 'ArrowDown', 3],
    [3, 'ArrowUp', 2],
    [4, 'Home', 1],
    [1, 'End', 4],
  ])('from take %i, %s leads to take %i', (from, key, to) => {
    expect(walk(tree, { from: id(from), path, key })).toBe(id(to));
  });

  test.each([
    [1, 'ArrowLeft'],
    [4, 'ArrowRight'],
    [2, 'ArrowUp'],
    [3, 'ArrowDown'],
    [1, 'ArrowDown'],
    [1, 'x'],
  ])('from take %i, %s leads nowhere', (from, key) => {
    expect(walk(tree, { from: id(from), path, key })).toBeNull();
  });

  test('right goes on along the path that is open, not along the oldest branch', () => {
    const other = takes.filter(({ id: own }) => own === id(1) || own === id(3));
    expect(walk(tree, { from: id(1), path: other, key: 'ArrowRight' })).toBe(id(3));
  });
});

test('reading order puts a branch whole before the next one', () => {
  expect(inReadingOrder(tree).map((each) => each.id)).toEqual([1, 2, 4, 3].map(id));
});
