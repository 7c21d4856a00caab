import { expect, test } from 'vitest';
import { takeId, userId } from '#domain/story/ids.ts';
import type { PlacedTake } from '#domain/story/take.ts';
import type { LaneMap, Pill } from '../tree/lanes.ts';
import { centredOn, edgesIn, pillsIn, rounded } from './map-window.ts';

const sight = { left: 0, top: 0, width: 1_000, height: 700 };

function pill(index: number): Pill {
  const take: PlacedTake = {
    id: takeId(`00000000-0000-4000-8000-${String(index).padStart(12, '0')}`),
    parentId: null,
    authorId: userId('00000000-0000-4000-8000-000000000000'),
    kind: 'text',
    startSamples: 0,
    durationSamples: 48_000,
    createdAtMs: index,
    state: { status: 'ready', mixed: true },
  };
  const place = { x: 0, y: index * 100, width: 50, tailX: 0, tailWidth: 50 };
  return { take, lane: index, lowered: false, ...place };
}

function mapOf(count: number): LaneMap {
  const pills = Array.from({ length: count }, (_, index) => pill(index));
  const edges = pills.slice(1).flatMap((to, index) => {
    const from = pills[index];
    return from === undefined ? [] : [{ from, to }];
  });
  return {
    pills: new Map(pills.map((each) => [each.take.id, each])),
    edges,
    width: 50,
    height: count * 100,
  };
}

test('a small map is drawn whole', () => {
  const map = mapOf(150);
  expect(pillsIn(map, sight, undefined)).toHaveLength(150);
  expect(edgesIn(map, sight)).toBe(map.edges);
});

test('of a large map what is in sight is drawn, what is near it, and the chosen take', () => {
  const map = mapOf(1_000);
  const last = [...map.pills.values()].at(-1);
  const drawn = pillsIn(map, { ...sight, top: 30_000 }, last);
  expect(drawn.map(({ lane }) => lane)).toEqual(expect.arrayContaining([295, 300, 306, 999]));
  expect(drawn.length).toBeLessThan(40);
  expect(edgesIn(map, { ...sight, top: 30_000 }).length).toBeLessThan(40);
});

test('scrolling less than a step draws nothing new', () => {
  expect(rounded(301)).toBe(rounded(599));
});

test('a take is brought to the left third, and never before the beginning', () => {
  expect(centredOn(pill(50), sight)).toEqual({ left: 0, top: 4_650 });
  expect(centredOn(pill(0), sight)).toEqual({ left: 0, top: 0 });
});
