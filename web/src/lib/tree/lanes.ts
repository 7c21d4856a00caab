// Where each take of a story lies on the map: x is story time, y a lane. Pure; units are pixels.
import type { TakeId } from '#domain/story/ids.ts';
import type { PlacedTake } from '#domain/story/take.ts';
import type { StoryTree } from '#domain/story/tree.ts';
import { endOf } from '#domain/timeline/duet.ts';
import { placeStory, type Branch } from './branches.ts';

export const PILL_HEIGHT = 34;
/** How far a take that overlaps its parent lies below it: the parent's waveform stays in sight. */
export const OFFSET = 26;
/** From one lane to the next: two pills offset against each other, and a name above and below. */
export const LANE_HEIGHT = 100;
/** Lanes are drawn apart as far as this where a map has the room. */
const MOST_LANE_HEIGHT = 168;
const LABEL_ROOM = 24;

export interface MapScale {
  readonly pixelsPerSample: number;
  /** Room before the first take. */
  readonly left: number;
}

export interface Pill {
  readonly take: PlacedTake;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  /** Where the tail begins, and how wide it is. */
  readonly tailX: number;
  readonly tailWidth: number;
  /** Lane 0 is the seed's; negative lanes lie above it. */
  readonly lane: number;
  /** True for the lower of the two rows of a lane. */
  readonly lowered: boolean;
}

/** A parent and the child that another lane, or the other row of its lane, goes on with. */
export interface Edge {
  readonly from: Pill;
  readonly to: Pill;
}

export interface LaneMap {
  readonly pills: ReadonlyMap<TakeId, Pill>;
  readonly edges: readonly Edge[];
  readonly width: number;
  readonly height: number;
}

/**
 * Lays a story out. The longest way onward stays in its parent's lane, alternating between the
 * lane's two rows so that a duet shows as an overlap; every other child opens a lane of its own,
 * the latest forks nearest, as near as no other take and no connecting line is in its way.
 */
export function layOut(tree: StoryTree, scale: MapScale): LaneMap {
  const { root } = tree;
  const seed = root === null ? undefined : placedRoot(tree);
  if (seed === undefined) return { pills: new Map(), edges: [], width: 0, height: 0 };
  const trunk = placeStory(tree, seed);
  const pills = new Map<TakeId, Pill>();
  const top = Math.min(...trunk.lanes.keys());
  const bottom = Math.max(...trunk.lanes.keys());
  drawBranch(trunk, { lane: 0, lowered: false }, { top, scale, pills });
  const edges: Edge[] = [];
  let width = 0;
  for (const pill of pills.values()) {
    width = Math.max(width, pill.x + pill.width);
    const from = pill.take.parentId === null ? undefined : pills.get(pill.take.parentId);
    if (from !== undefined) edges.push({ from, to: pill });
  }
  return { pills, edges, width, height: (bottom - top + 1) * LANE_HEIGHT + LABEL_ROOM };
}

function placedRoot(tree: StoryTree): PlacedTake | undefined {
  const { root } = tree;
  if (root === null || root.durationSamples === null || root.state.status === 'failed') {
    return undefined;
  }
  return { ...root, durationSamples: root.durationSamples };
}

interface Drawing {
  readonly top: number;
  readonly scale: MapScale;
  readonly pills: Map<TakeId, Pill>;
}

function drawBranch(
  branch: Branch,
  at: { lane: number; lowered: boolean },
  drawing: Drawing,
): void {
  const { scale, pills, top } = drawing;
  let lowered = false;
  let before: PlacedTake | undefined;
  for (const take of branch.takes) {
    // A take that starts where the one before it ends needs no second row.
    lowered = before !== undefined && take.startSamples < endOf(before) && !lowered;
    const parent = take.parentId === null ? undefined : pills.get(take.parentId)?.take;
    const tail = Math.max(take.startSamples, parent === undefined ? 0 : endOf(parent));
    pills.set(take.id, {
      take,
      lane: at.lane,
      lowered,
      x: scale.left + take.startSamples * scale.pixelsPerSample,
      y: (at.lane - top) * LANE_HEIGHT + LABEL_ROOM + (lowered ? OFFSET : 0),
      width: take.durationSamples * scale.pixelsPerSample,
      tailX: scale.left + tail * scale.pixelsPerSample,
      tailWidth: (endOf(take) - tail) * scale.pixelsPerSample,
    });
    before = take;
  }
  for (const { lane, branch: inner } of branch.placed) {
    drawBranch(inner, { lane: at.lane + lane, lowered: false }, drawing);
  }
}

/** The same map with its lanes further apart, as far as `height` allows and the eye likes. */
export function spread(map: LaneMap, height: number): LaneMap {
  const lanes = Math.round((map.height - LABEL_ROOM) / LANE_HEIGHT);
  const room = Math.floor((height - map.height) / Math.max(1, lanes));
  const extra = Math.min(MOST_LANE_HEIGHT - LANE_HEIGHT, room);
  if (lanes < 2 || extra <= 0) return map;
  const top = Math.min(...[...map.pills.values()].map(({ lane }) => lane));
  const moved = new Map(
    [...map.pills].map(([id, pill]) => [id, { ...pill, y: pill.y + (pill.lane - top) * extra }]),
  );
  const edges = map.edges.flatMap(({ from, to }) => {
    const [start, end] = [moved.get(from.take.id), moved.get(to.take.id)];
    return start === undefined || end === undefined ? [] : [{ from: start, to: end }];
  });
  return { pills: moved, edges, width: map.width, height: map.height + (lanes - 1) * extra };
}
