// How much of a second is a pixel on the map, and where its grid lines lie.
import type { TakeId } from '#domain/story/ids.ts';
import type { PlacedTake } from '#domain/story/take.ts';
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';
import type { MapScale } from '../tree/lanes.ts';

/** Room before the first take, and after the last for a bud and its name; less on a phone. */
const ROOM = { left: 60, right: 150 } as const;
const NARROW_ROOM = { left: 30, right: 70 } as const;
const NARROW_PIXELS = 600;
/** A second is never narrower than this, so that pills stay readable and the map scrolls. */
const LEAST_PIXELS_PER_SECOND = 8;
const MOST_PIXELS_PER_SECOND = 32;

/** Fits the whole story into `width` pixels if that leaves it readable; `zoom` 1 is the fit. */
export function fitScale({
  totalSamples,
  width,
  zoom,
}: {
  totalSamples: number;
  width: number;
  zoom: number;
}): MapScale {
  const seconds = Math.max(1, totalSamples / SAMPLE_RATE);
  const { left, right } = width < NARROW_PIXELS ? NARROW_ROOM : ROOM;
  const fitting = (width - left - right) / seconds;
  const perSecond = Math.min(MOST_PIXELS_PER_SECOND, Math.max(LEAST_PIXELS_PER_SECOND, fitting));
  return { left, pixelsPerSample: (perSecond * zoom) / SAMPLE_RATE };
}

/** Steps between grid lines, seconds. */
const STEPS = [5, 15, 30, 60, 120, 300, 600, 1_800] as const;
/** Least distance between two labels of the grid, pixels. */
const LABEL_PIXELS = 84;

/** Seconds between grid lines: 15 where there is room. */
export function gridStep({ pixelsPerSample }: MapScale): number {
  const perSecond = pixelsPerSample * SAMPLE_RATE;
  return STEPS.find((step) => step * perSecond >= LABEL_PIXELS) ?? 1_800;
}

/** Depth of each take, the seed's being 1. `order` has parents before children. */
export function levelsOf(order: readonly PlacedTake[]): ReadonlyMap<TakeId, number> {
  const levels = new Map<TakeId, number>();
  for (const { id, parentId } of order) {
    levels.set(id, parentId === null ? 1 : (levels.get(parentId) ?? 0) + 1);
  }
  return levels;
}
