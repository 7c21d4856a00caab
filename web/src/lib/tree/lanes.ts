// Where each take of a story lies on the map: x is story time, y a lane. Pure; units are pixels.
import type { TakeId } from '#domain/story/ids.ts';
import type { PlacedTake } from '#domain/story/take.ts';
import { placedChildren, type StoryTree } from '#domain/story/tree.ts';
import { endOf } from '#domain/timeline/duet.ts';
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';

export const PILL_HEIGHT = 34;
/** How far a take that overlaps its parent lies below it: the parent's waveform stays in sight. */
export const OFFSET = 26;
/** From one lane to the next: two pills offset against each other, and a name above and below. */
export const LANE_HEIGHT = 100;
/** Lanes are drawn apart as far as this where a map has the room. */
const MOST_LANE_HEIGHT = 168;
/** Branches that share a lane keep this far apart, and a line between lanes needs as much. */
const LINE_SAMPLES = 2 * SAMPLE_RATE;
/** How far before a take the line to it leaves its parent. */
const CLEARANCE = 20;
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

interface Interval {
  readonly from: number;
  readonly to: number;
}

interface Lane {
  readonly pills: Interval[];
  /** Where lines to branches in lanes further out run across this one. */
  readonly lines: Interval[];
}

/** A chain of takes that go on in one lane, with the branches that leave it, placed around it. */
interface Branch {
  readonly takes: readonly PlacedTake[];
  readonly lanes: Map<number, Lane>;
  readonly placed: { readonly lane: number; readonly branch: Branch }[];
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
  const trunk = placeBranch(seed, chainsOf(tree, seed));
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

/** Of each take, which child goes on in its lane, and which leave it. Iterative: trees are deep. */
function chainsOf(tree: StoryTree, seed: PlacedTake): ReadonlyMap<TakeId, readonly PlacedTake[]> {
  const order: PlacedTake[] = [];
  const waiting = [seed];
  for (let take = waiting.pop(); take !== undefined; take = waiting.pop()) {
    order.push(take);
    waiting.push(...placedChildren(tree, take.id));
  }
  const reach = new Map<TakeId, number>();
  const children = new Map<TakeId, readonly PlacedTake[]>();
  for (const take of order.toReversed()) {
    const below = placedChildren(tree, take.id).toSorted(
      (a, b) => (reach.get(b.id) ?? 0) - (reach.get(a.id) ?? 0) || a.createdAtMs - b.createdAtMs,
    );
    children.set(take.id, below);
    const first = below[0];
    reach.set(take.id, first === undefined ? endOf(take) : (reach.get(first.id) ?? 0));
  }
  return children;
}

/** The branch that starts at `first`, with everything that leaves it placed around lane 0. */
function placeBranch(
  first: PlacedTake,
  children: ReadonlyMap<TakeId, readonly PlacedTake[]>,
): Branch {
  const takes: PlacedTake[] = [];
  for (let take: PlacedTake | undefined = first; take !== undefined;) {
    takes.push(take);
    take = children.get(take.id)?.[0];
  }
  const last = takes.at(-1) ?? first;
  const branch: Branch = {
    takes,
    lanes: new Map([[0, { pills: [{ from: first.startSamples, to: endOf(last) }], lines: [] }]]),
    placed: [],
  };
  const leaving = takes
    .flatMap((take) => (children.get(take.id) ?? []).slice(1))
    .toSorted((a, b) => b.startSamples - a.startSamples || a.createdAtMs - b.createdAtMs);
  let up = true;
  for (const child of leaving) {
    attach(branch, placeBranch(child, children), up);
    up = !up;
  }
  return branch;
}

/** Puts `inner` at the nearest lane where it and the line to it are free. */
function attach(outer: Branch, inner: Branch, upFirst: boolean): void {
  for (let distance = 1; ; distance += 1) {
    for (const lane of upFirst ? [-distance, distance] : [distance, -distance]) {
      if (!isFree(outer, inner, lane)) continue;
      occupy(outer, inner, lane);
      outer.placed.push({ lane, branch: inner });
      return;
    }
  }
}

/**
 * The stretch before its first take in which the line to a branch runs across other lanes. Takes
 * placed before it start no earlier, so none is ever in its way.
 */
function lineTo(inner: Branch): Interval {
  const to = inner.takes[0]?.startSamples ?? 0;
  return { from: to - LINE_SAMPLES, to };
}

function* crossed(lane: number): Iterable<number> {
  for (let between = Math.sign(lane); between !== lane; between += Math.sign(lane)) yield between;
}

function isFree(outer: Branch, inner: Branch, lane: number): boolean {
  for (const [own, { pills }] of inner.lanes) {
    // Lane 0 is the outer chain's own.
    if (own + lane === 0) return false;
    const taken = outer.lanes.get(own + lane);
    if (pills.some((pill) => meets(taken?.pills, pill, LINE_SAMPLES))) return false;
    if (pills.some((pill) => meets(taken?.lines, pill, 0))) return false;
  }
  return true;
}

function occupy(outer: Branch, inner: Branch, lane: number): void {
  const line = lineTo(inner);
  for (const between of crossed(lane)) insert(laneOf(outer.lanes, between).lines, line);
  for (const [own, { pills, lines }] of inner.lanes) {
    const taken = laneOf(outer.lanes, own + lane);
    for (const pill of pills) insert(taken.pills, pill);
    for (const other of lines) insert(taken.lines, other);
  }
}

/** Adds to a list of disjoint intervals, in order; those that meet become one, so lists stay short. */
function insert(intervals: Interval[], { from, to }: Interval): void {
  const first = firstAfter(intervals, from);
  let next = first;
  let merged: Interval = { from, to };
  for (; next < intervals.length; next += 1) {
    const other = intervals[next];
    if (other === undefined || other.from > to) break;
    merged = { from: Math.min(merged.from, other.from), to: Math.max(merged.to, other.to) };
  }
  intervals.splice(first, next - first, merged);
}

/** Index of the first interval that ends at or after a position. */
function firstAfter(intervals: readonly Interval[], position: number): number {
  let low = 0;
  let high = intervals.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((intervals[middle]?.to ?? Infinity) < position) low = middle + 1;
    else high = middle;
  }
  return low;
}

function laneOf(lanes: Map<number, Lane>, number: number): Lane {
  const lane = lanes.get(number) ?? { pills: [], lines: [] };
  lanes.set(number, lane);
  return lane;
}

/** True if an interval, `apart` samples wider on both sides, meets one of those taken. */
function meets(
  taken: readonly Interval[] | undefined,
  { from, to }: Interval,
  apart: number,
): boolean {
  if (taken === undefined) return false;
  const next = taken[firstAfter(taken, from - apart + 1)];
  return next !== undefined && next.from < to + apart;
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

/** A name beside its pill: above the upper row, below the lower one. */
export interface Label {
  readonly id: TakeId;
  readonly x: number;
  /** Baseline. */
  readonly y: number;
  readonly text: string;
}

/** Average width of a letter of the interface's type at 13 px. */
const LETTER = 6.9;

/** Names that fit; one that would run into another, or over a pill, is shortened or left out. */
export function labelsOf(map: LaneMap, textOf: (pill: Pill) => string): readonly Label[] {
  const labels: Label[] = [];
  const ends = new Map<string, number>();
  for (const pill of [...map.pills.values()].toSorted((a, b) => a.x - b.x)) {
    const row = `${pill.lane}:${pill.lowered}`;
    const x = pill.x + 10;
    if (x < (ends.get(row) ?? -Infinity)) continue;
    const room = Math.floor((Math.max(pill.width, 3 * PILL_HEIGHT) - 14) / LETTER);
    const full = textOf(pill);
    const text = full.length <= room ? full : `${full.slice(0, Math.max(1, room - 1)).trimEnd()}…`;
    labels.push({
      id: pill.take.id,
      x,
      y: pill.lowered ? pill.y + PILL_HEIGHT + 14 : pill.y - 7,
      text,
    });
    ends.set(row, x + text.length * LETTER + 8);
  }
  return labels;
}

/** The line from a parent to a child in another lane: it leaves from within the parent's tail. */
export function edgePath({ from, to }: Edge): string {
  const startX = Math.round(Math.max(from.x + 12, Math.min(to.x - CLEARANCE, from.x + from.width)));
  const down = to.y > from.y;
  const startY = Math.round(down ? from.y + PILL_HEIGHT : from.y);
  const endY = Math.round(to.y + PILL_HEIGHT / 2);
  const endX = Math.round(to.x);
  const bend = Math.max(10, Math.min(22, endX - startX));
  return `M${startX} ${startY}C${startX + bend * 0.55} ${startY} ${endX - bend} ${endY} ${endX} ${endY}`;
}
