import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nthTakeId } from '../../tests/arbitraries/paths.ts';
import { takesArbitrary } from '../../tests/arbitraries/takes.ts';
import { endOf } from '../timeline/duet.ts';
import type { TakeId } from './ids.ts';
import { isHidden, isPlaced, likesOf, type Take } from './take.ts';
import { hitPath, pathTo, placedChildren, treeOf } from './tree.ts';

/** The chain from a take up to a parentless one, or null if it breaks or goes in circles. */
function chainOf(takes: readonly Take[], take: Take): Take[] | null {
  const chain = [take];
  for (let id = take.parentId; id !== null;) {
    const parent = takes.find((each) => each.id === id);
    if (parent === undefined || chain.includes(parent)) return null;
    chain.unshift(parent);
    id = parent.parentId;
  }
  return chain;
}

const byAge = (a: Take, b: Take) => a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : 1);
const rootOf = (takes: readonly Take[]) =>
  takes.filter(({ parentId }) => parentId === null).toSorted(byAge)[0] ?? null;
const ids = (takes: readonly Take[]) => takes.map(({ id }) => id);

const takeOf = (index: number, parent: number | null, createdAtMs: number): Take => ({
  id: nthTakeId(index),
  parentId: parent === null ? null : nthTakeId(parent),
  authorId: '6f9619ff-8b86-4011-b42d-00c04fc964ff' as Take['authorId'],
  kind: 'voice',
  startSamples: 0,
  durationSamples: parent === null ? 5 : 10,
  createdAtMs,
  state: { status: 'ready', mixed: true },
});

const liked = (index: number, parent: number | null, likes: number): Take => ({
  ...takeOf(index, parent, index),
  durationSamples: 10 + index,
  state: { status: 'ready', mixed: true, ...(likes > 0 && { likes }) },
});

describe('a tree of takes, in whatever order and state they come', () => {
  it('holds what a path from the seed reaches, and no orphan, loop or second seed', () => {
    fc.assert(
      fc.property(takesArbitrary, (takes) => {
        const tree = treeOf(takes);
        const root = rootOf(takes);
        const reachable = takes.filter((take) => chainOf(takes, take)?.[0] === root);
        expect(tree.root).toBe(root);
        expect(new Set(tree.takes.keys())).toEqual(new Set(root === null ? [] : ids(reachable)));
      }),
    );
  });

  it('does not depend on the order', () => {
    fc.assert(
      fc.property(takesArbitrary, (takes) => {
        const one = treeOf(takes);
        const other = treeOf(takes.toSorted(byAge));
        expect(other.root).toBe(one.root);
        expect(other.children).toEqual(one.children);
      }),
    );
  });

  it('lists the children of each take, oldest first', () => {
    fc.assert(
      fc.property(takesArbitrary, (takes) => {
        const tree = treeOf(takes);
        for (const id of tree.takes.keys()) {
          const expected = takes.filter(({ parentId }) => parentId === id).toSorted(byAge);
          expect(tree.children.get(id)).toEqual(expected);
          expect(placedChildren(tree, id)).toEqual(expected.filter(isPlaced));
        }
      }),
    );
  });

  it('gives the path to each of its takes, and none to others', () => {
    fc.assert(
      fc.property(takesArbitrary, (takes) => {
        const tree = treeOf(takes);
        for (const take of takes) {
          const expected = tree.takes.has(take.id) ? chainOf(takes, take) : [];
          expect(pathTo(tree, take.id)).toEqual(expected);
        }
        expect(pathTo(tree, nthTakeId(99))).toEqual([]);
      }),
    );
  });

  it('goes where the likes sum up to the most, and of equals to the latest end', () => {
    fc.assert(
      fc.property(takesArbitrary, fc.nat({ max: 14 }), fc.boolean(), (takes, index, fromRoot) => {
        const tree = treeOf(takes);
        const from = fromRoot ? tree.root?.id : nthTakeId(index);
        const sum = (take: Take) =>
          (chainOf(takes, take) ?? []).reduce((likes, each) => likes + likesOf(each), 0);
        const [best] = takes
          .filter((take) => endsPlacedPath(takes, take, from) && tree.takes.has(take.id))
          .filter(isPlaced)
          .toSorted((a, b) => sum(b) - sum(a) || endOf(b) - endOf(a) || byAge(a, b));
        const path = fromRoot ? hitPath(tree) : hitPath(tree, nthTakeId(index));
        expect(path.at(-1)?.id).toBe(best?.id);
      }),
    );
  });

  it('prefers the older of two that end together, then the smaller id', () => {
    const seed = takeOf(0, null, 0);
    const older = treeOf([seed, takeOf(1, 0, 9), takeOf(2, 0, 8)]);
    expect(ids(hitPath(older))).toEqual([nthTakeId(0), nthTakeId(2)]);
    const tied = treeOf([seed, takeOf(2, 0, 8), takeOf(1, 0, 8)]);
    expect(ids(hitPath(tied))).toEqual([nthTakeId(0), nthTakeId(1)]);
  });

  it('sums likes along a path, and does not follow the best liked answer', () => {
    // The vector of product.md: R→X(5)→x(0), R→Y(3)→y(9); a greedy walk would go to X.
    const [r, x, xx, y, yy] = [
      liked(0, null, 0),
      liked(1, 0, 5),
      liked(2, 1, 0),
      liked(3, 0, 3),
      liked(4, 3, 9),
    ];
    expect(ids(hitPath(treeOf([r, x, xx, y, yy])))).toEqual(ids([r, y, yy]));
    expect(ids(hitPath(treeOf([r, x, xx, y, yy]), x.id))).toEqual(ids([r, x, xx]));
  });

  it('enters no hidden take, and goes on below one that was asked for', () => {
    const hidden: Take = {
      ...takeOf(1, 0, 1),
      durationSamples: 50,
      state: { status: 'ready', mixed: true, hidden: true, likes: 9 },
    };
    const tree = treeOf([takeOf(0, null, 0), hidden, takeOf(2, 1, 2), takeOf(3, 0, 3)]);
    expect(ids(hitPath(tree))).not.toContain(hidden.id);
    expect(ids(hitPath(tree, nthTakeId(2)))).toEqual([0, 1, 2].map(nthTakeId));
  });

  it('is built of ten thousand takes in one path without running out of stack', () => {
    const takes = Array.from({ length: 10_000 }, (_, index): Take => ({
      id: nthTakeId(index),
      parentId: index === 0 ? null : nthTakeId(index - 1),
      authorId: '6f9619ff-8b86-4011-b42d-00c04fc964ff' as Take['authorId'],
      kind: 'voice',
      startSamples: index,
      durationSamples: 2,
      createdAtMs: index,
      state: { status: 'ready', mixed: true },
    }));
    expect(hitPath(treeOf(takes))).toHaveLength(10_000);
  });
});

/** True if `take` is `from` or below it, and all from there to it are placed. */
function endsPlacedPath(takes: readonly Take[], take: Take, from: TakeId | undefined): boolean {
  const chain = chainOf(takes, take) ?? [];
  const start = chain.findIndex(({ id }) => id === from);
  const below = chain.slice(start);
  return start >= 0 && below.every(isPlaced) && !below.slice(1).some(isHidden);
}
