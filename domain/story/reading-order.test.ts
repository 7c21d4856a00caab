import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { takeId } from './ids.ts';
import { inReadingOrder } from './reading-order.ts';

const nth = (n: number) => takeId(`00000000-0000-4000-8000-${n.toString().padStart(12, '0')}`);
const take = (n: number, parent: number | null) => ({
  id: nth(n),
  parentId: parent === null ? null : nth(parent),
});

it('reads a path to its end, then goes back to the last fork', () => {
  const takes = [take(0, null), take(1, 0), take(2, 0), take(3, 1), take(4, 1), take(5, 2)];
  const read = inReadingOrder(takes).map(({ take: { id }, isFork }) => [id, isFork]);
  expect(read).toEqual([
    [nth(0), false],
    [nth(1), false],
    [nth(3), false],
    [nth(4), true],
    [nth(2), true],
    [nth(5), false],
  ]);
});

it('has every take once, after the one that it answers', () => {
  const tree = fc
    .array(fc.nat(), { maxLength: 30 })
    .map((parents) => [take(0, null), ...parents.map((p, n) => take(n + 1, p % (n + 1)))]);
  fc.assert(
    fc.property(tree, (takes) => {
      const ids = inReadingOrder(takes).map(({ take: { id } }) => id);
      expect(ids.toSorted()).toEqual(takes.map(({ id }) => id).toSorted());
      const early = takes.filter(
        ({ id, parentId }) => parentId !== null && ids.indexOf(parentId) > ids.indexOf(id),
      );
      expect(early).toEqual([]);
    }),
  );
});
