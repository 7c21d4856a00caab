// What of a large map is drawn: what is in sight, and some way around it.
import { PILL_HEIGHT, type Edge, type LaneMap, type Pill } from '../tree/lanes.ts';

/** Maps with fewer takes are drawn whole. */
export const WHOLE_UNTIL = 150;
/** How far beyond what is in sight a map is drawn, and how often it is looked at, pixels. */
const AROUND = 600;
const STEP = 300;

/** The part of the map that is in sight, in the map's pixels. */
export interface Sight {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** A place of the scroller, rounded, so that only every few hundred pixels change what is drawn. */
export function rounded(pixels: number): number {
  return Math.floor(pixels / STEP) * STEP;
}

/** Where to scroll so that a pill stands in the left third, at half the height. */
export function centredOn(
  { x, y }: Pill,
  { width, height }: { width: number; height: number },
): { left: number; top: number } {
  return { left: Math.max(0, x - width / 3), top: Math.max(0, y - height / 2) };
}

/** The pills to draw, in the order of `map`; `always` is among them wherever it lies. */
export function pillsIn(map: LaneMap, sight: Sight, always: Pill | undefined): readonly Pill[] {
  const all = [...map.pills.values()];
  if (all.length <= WHOLE_UNTIL) return all;
  return all.filter(
    (pill) =>
      pill === always ||
      meets(sight, { left: pill.x, right: pill.x + pill.width, top: pill.y, bottom: pill.y }),
  );
}

/** The lines to draw. */
export function edgesIn(map: LaneMap, sight: Sight): readonly Edge[] {
  if (map.pills.size <= WHOLE_UNTIL) return map.edges;
  return map.edges.filter(({ from, to }) =>
    meets(sight, {
      left: from.x,
      right: to.x,
      top: Math.min(from.y, to.y),
      bottom: Math.max(from.y, to.y),
    }),
  );
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

function meets(sight: Sight, { left, right, top, bottom }: Box): boolean {
  return (
    right >= sight.left - AROUND &&
    left <= sight.left + sight.width + AROUND + STEP &&
    bottom + PILL_HEIGHT >= sight.top - AROUND &&
    top <= sight.top + sight.height + AROUND + STEP
  );
}
