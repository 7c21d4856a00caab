import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { takeId, userId, type TakeId } from '#domain/story/ids.ts';
import type { PlacedTake } from '#domain/story/take.ts';
import { treeOf } from '#domain/story/tree.ts';
import { endOf, startFor } from '#domain/timeline/duet.ts';
import { layOut, LANE_HEIGHT, PILL_HEIGHT, spread, type Pill } from './lanes.ts';
import { labelsOf } from './map-lines.ts';

const scale = { pixelsPerSample: 9 / 48_000, left: 60 };
const author = userId('00000000-0000-4000-8000-000000000000');

function idOf(index: number): TakeId {
  return takeId(`00000000-0000-4000-8000-${String(index).padStart(12, '0')}`);
}

/** A story by the rules: each entry picks a parent among the takes before it, and a tail. */
function storyOf(
  entries: readonly { parent: number; tail: number; text: boolean }[],
): PlacedTake[] {
  const takes: PlacedTake[] = [];
  for (const [index, entry] of entries.entries()) {
    const parent = index === 0 ? null : (takes[entry.parent % index] ?? null);
    const grandparent = takes.find((take) => take.id === parent?.parentId) ?? null;
    const kind = entry.text ? ('text' as const) : ('voice' as const);
    const startSamples = startFor(kind, { parent, grandparent });
    const parentEnd = parent === null ? startSamples : endOf(parent);
    takes.push({
      id: idOf(index),
      parentId: parent?.id ?? null,
      authorId: author,
      kind,
      startSamples,
      durationSamples: parentEnd - startSamples + entry.tail,
      createdAtMs: index,
      state: { status: 'ready', mixed: true },
    });
  }
  return takes;
}

const stories = fc
  .array(
    fc.record({
      parent: fc.nat(),
      tail: fc.integer({ min: 4_800, max: 30 * 48_000 }),
      text: fc.boolean(),
    }),
    { minLength: 1, maxLength: 60 },
  )
  .map(storyOf);

function overlap(a: Pill, b: Pill): boolean {
  const apart =
    a.x + a.width <= b.x + 1e-6 ||
    b.x + b.width <= a.x + 1e-6 ||
    a.y + PILL_HEIGHT <= b.y ||
    b.y + PILL_HEIGHT <= a.y;
  return !apart;
}

describe('the map of a story', () => {
  test('no two takes overlap but a child that is drawn lower or higher over its own parent', () => {
    fc.assert(
      fc.property(stories, (takes) => {
        const pills = [...layOut(treeOf(takes), scale).pills.values()];
        expect(pills).toHaveLength(takes.length);
        for (const [index, a] of pills.entries()) {
          for (const b of pills.slice(index + 1)) {
            if (!overlap(a, b)) continue;
            expect(a.take.parentId === b.take.id || b.take.parentId === a.take.id).toBe(true);
            expect(a.lane).toBe(b.lane);
            expect(a.lowered).not.toBe(b.lowered);
          }
        }
      }),
    );
  });

  test('x is story time: starts and ends lie where the timeline has them', () => {
    fc.assert(
      fc.property(stories, (takes) => {
        const { pills, width } = layOut(treeOf(takes), scale);
        for (const take of takes) {
          const pill = pills.get(take.id);
          expect(pill?.x).toBeCloseTo(60 + take.startSamples * scale.pixelsPerSample);
          expect(pill?.width).toBeCloseTo(take.durationSamples * scale.pixelsPerSample);
          expect((pill?.x ?? 0) + (pill?.width ?? 0)).toBeLessThanOrEqual(width + 1e-6);
        }
      }),
    );
  });

  test('every take but the seed hangs on its parent by one line, and all lie on the sheet', () => {
    fc.assert(
      fc.property(stories, (takes) => {
        const { pills, edges, height } = layOut(treeOf(takes), scale);
        expect(edges).toHaveLength(takes.length - 1);
        for (const { from, to } of edges) expect(to.take.parentId).toBe(from.take.id);
        for (const pill of pills.values()) {
          expect(pill.y).toBeGreaterThan(0);
          expect(pill.y + PILL_HEIGHT).toBeLessThanOrEqual(height);
        }
      }),
    );
  });

  test('names never run into each other', () => {
    fc.assert(
      fc.property(stories, (takes) => {
        const labels = labelsOf(layOut(treeOf(takes), scale), () => 'Somebody Longname · seed');
        for (const [index, a] of labels.entries()) {
          for (const b of labels.slice(index + 1)) {
            const apartAcross =
              a.x + a.text.length * 6.9 <= b.x || b.x + b.text.length * 6.9 <= a.x;
            expect(apartAcross || Math.abs(a.y - b.y) >= 12).toBe(true);
          }
        }
      }),
    );
  });

  test('the longest way onward stays in its lane and a fork opens a neighbouring one', () => {
    const second = 48_000;
    const takes = storyOf([
      { parent: 0, tail: 20 * second, text: false },
      { parent: 0, tail: 20 * second, text: false },
      { parent: 0, tail: 5 * second, text: false },
      { parent: 1, tail: 20 * second, text: false },
    ]);
    const { pills } = layOut(treeOf(takes), scale);
    const lanes = takes.map((take) => pills.get(take.id)?.lane);
    expect(lanes).toEqual([0, 0, -1, 0]);
    expect(takes.map((take) => pills.get(take.id)?.lowered)).toEqual([false, true, false, false]);
    expect((pills.get(idOf(0))?.y ?? 0) - (pills.get(idOf(2))?.y ?? 0)).toBe(LANE_HEIGHT);
  });

  test.each([
    ['that branch everywhere', (index: number) => (index * 7_919 + 13) % 997],
    ['that all answer the seed', () => 0],
    ['that follow each other', (index: number) => index - 1],
  ])('two thousand takes %s are laid out', (_, parent) => {
    const entries = Array.from({ length: 2_000 }, (_, index) => ({
      parent: parent(index),
      tail: 48_000 * (5 + (index % 20)),
      text: index % 9 === 0,
    }));
    const tree = treeOf(storyOf(entries));
    expect(layOut(tree, scale).pills.size).toBe(2_000);
  });

  test('where there is room, lanes move apart together and stay within it', () => {
    const entries = [0, 0, 0, 1].map((parent) => ({ parent, tail: 480_000, text: false }));
    const map = layOut(treeOf(storyOf(entries)), scale);
    const wide = spread(map, map.height + 60);
    expect(wide.height).toBeGreaterThan(map.height);
    expect(wide.height).toBeLessThanOrEqual(map.height + 60);
    for (const { from, to } of wide.edges) {
      expect(wide.pills.get(from.take.id)).toBe(from);
      expect(wide.pills.get(to.take.id)).toBe(to);
    }
    expect(spread(map, map.height - 1)).toBe(map);
  });

  test('a story without a placed seed is an empty sheet', () => {
    expect(layOut(treeOf([]), scale)).toEqual({ pills: new Map(), edges: [], width: 0, height: 0 });
  });
});

test('known failure 32: a pill is as wide as its take is long and lies where it starts, at any zoom', () => {
  fc.assert(
    fc.property(stories, fc.double({ min: 0.05, max: 400, noNaN: true }), (takes, perSecond) => {
      const zoomed = { pixelsPerSample: perSecond / 48_000, left: 60 };
      const map = layOut(treeOf(takes), zoomed);
      for (const { id, startSamples, durationSamples } of takes) {
        const pill = map.pills.get(id);
        if (pill === undefined) throw new Error('a take is not in the map');
        expect(pill.width).toBeCloseTo((durationSamples / 48_000) * perSecond, 6);
        expect(pill.x).toBeCloseTo(60 + (startSamples / 48_000) * perSecond, 6);
        // So a playhead, which is drawn by the same scale, is inside the pill that sounds.
        expect(pill.x + pill.width).toBeLessThanOrEqual(map.width + 1e-6);
      }
    }),
  );
});
