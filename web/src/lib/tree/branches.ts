// Which lane each branch of a story takes, as near to where it leaves as nothing is in its way. Pure;
// units are samples at 48 kHz.
import type { TakeId } from '#domain/story/ids.ts';
import type { PlacedTake } from '#domain/story/take.ts';
import { placedChildren, type StoryTree } from '#domain/story/tree.ts';
import { endOf } from '#domain/timeline/duet.ts';
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';
import { insert, meets, type Interval } from './intervals.ts';

/** Branches that share a lane keep this far apart, and a line between lanes needs as much. */
const LINE_SAMPLES = 2 * SAMPLE_RATE;

interface Lane {
  readonly pills: Interval[];
  /** Where lines to branches in lanes further out run across this one. */
  readonly lines: Interval[];
}

/** A chain of takes that go on in one lane, with the branches that leave it, placed around it. */
export interface Branch {
  readonly takes: readonly PlacedTake[];
  readonly lanes: Map<number, Lane>;
  readonly placed: { readonly lane: number; readonly branch: Branch }[];
}

/** The branch of the seed, with every other one placed around it. */
export function placeStory(tree: StoryTree, seed: PlacedTake): Branch {
  return placeBranch(seed, chainsOf(tree, seed));
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

function laneOf(lanes: Map<number, Lane>, number: number): Lane {
  const lane = lanes.get(number) ?? { pills: [], lines: [] };
  lanes.set(number, lane);
  return lane;
}
