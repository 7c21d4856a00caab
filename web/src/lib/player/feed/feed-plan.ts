// What to do next with a source buffer, so that it holds the path around the listener: pure.
import { GRID_SAMPLES, segmentAt, segmentStart, SEGMENT_SAMPLES } from '#domain/timeline/grid.ts';
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';
import type { Segment } from './feed-path.ts';

/** A stretch of time, in samples. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** What was appended into a place of the grid: a segment, whole or from some sample on. */
export interface Laid {
  readonly id: string;
  readonly fromSamples: number;
}

/** How much is held, in samples: less of both when the browser says that it is too much. */
export interface Bounds {
  readonly aheadSamples: number;
  readonly behindSamples: number;
}

export const BOUNDS: Bounds = { aheadSamples: 60 * SAMPLE_RATE, behindSamples: 30 * SAMPLE_RATE };
/** As little as is held when the browser has no room for more. */
export const LEAST: Bounds = { aheadSamples: 8 * SAMPLE_RATE, behindSamples: 4 * SAMPLE_RATE };

/** Half as much, but no less than the least. */
export function halved({ aheadSamples, behindSamples }: Bounds): Bounds {
  return {
    aheadSamples: Math.max(LEAST.aheadSamples, aheadSamples / 2),
    behindSamples: Math.max(LEAST.behindSamples, behindSamples / 2),
  };
}

export interface FeedState {
  readonly segments: readonly Segment[];
  readonly endSamples: number;
  readonly laid: ReadonlyMap<number, Laid>;
  /** What the browser holds, in order. It may let go of any of it at any time. */
  readonly held: readonly Stretch[];
  readonly positionSamples: number;
  /** What sounds before this is left as it is, although it may be another path's: it is about to. */
  readonly keepBefore: number;
  readonly bounds: Bounds;
  /** Length of the media, as it was last said. */
  readonly lengthSamples: number;
  /** Whether the end was said. */
  readonly ended: boolean;
  /** The new path's sound does not come: the old one's must not go on in its place. */
  readonly dropsStale: boolean;
  /** The segment that was asked for and was not to be had; null if there is none. */
  readonly lacking: {
    readonly index: number;
    /** Where the listener was when it was given up. */
    readonly lackedAtSamples: number;
  } | null;
}

export type FeedStep =
  /** Append segments, the first and `count` in all. */
  | { readonly do: 'lay'; readonly index: number; readonly count: number }
  | { readonly do: 'remove'; readonly from: number; readonly to: number }
  | { readonly do: 'length' }
  | { readonly do: 'end' }
  /** The listener has come to what is not to be had. */
  | { readonly do: 'give-up' }
  | { readonly do: 'wait' };

/** Ends of frames and of what the browser says it holds differ by this at most: 1 ms. */
const SLACK_SAMPLES = SAMPLE_RATE / 1000;
/** What another path left is taken away beyond this, and overwritten before it. */
const SAFE_SAMPLES = 2 * SAMPLE_RATE;
/** While less than this is held ahead, segments are asked for one by one: the first comes sooner. */
const SCARCE_SAMPLES = 4 * SAMPLE_RATE;
const MOST_AT_ONCE = 4;
/** What was not to be had while this much was held before it is asked for once more: it may be back. */
const LAST_ASK_SAMPLES = 4 * SAMPLE_RATE;
/** What is held before a segment that is not to be had plays on to so near it. */
const GIVE_UP_SAMPLES = SAMPLE_RATE / 2;
/** A frame that begins before a place may reach beyond it by less than this. */
const LONGEST_FRAME_SAMPLES = GRID_SAMPLES / 15;

/** The first place at or after this one where frames of all codecs meet. */
export function onGrid(samples: number): number {
  return Math.ceil(samples / GRID_SAMPLES) * GRID_SAMPLES;
}

/** The next thing to do; `wait` until the position, the path or what is held changes. */
export function nextStep(state: FeedState): FeedStep {
  return (
    removeStale(state) ??
    sayLength(state) ??
    removeBehind(state) ??
    layMissing(state) ??
    (reachesEnd(state) && !state.ended ? { do: 'end' } : { do: 'wait' })
  );
}

/** What another path left ahead of the listener. */
function removeStale(state: FeedState): FeedStep | null {
  const { laid, segments, positionSamples, keepBefore } = state;
  const keep = Math.max(positionSamples, keepBefore);
  let stale = Infinity;
  for (const [index, { id }] of laid) {
    if (id !== segments[index]?.id && segmentStart(index) + SEGMENT_SAMPLES > keep)
      stale = Math.min(stale, segmentStart(index));
  }
  // Frames of all codecs meet there: what is removed is removed to the sample.
  const from = Math.max(stale, onGrid(keep));
  const isHeld = state.held.some(({ to }) => to > from + SLACK_SAMPLES);
  if (stale === Infinity || !isHeld) return null;
  const isFar = stale > Math.max(positionSamples + SAFE_SAMPLES, keepBefore);
  // Beyond the end of the new path nothing overwrites it.
  const isBeyond = stale >= segmentStart(segments.length);
  if (!isFar && !isBeyond && !state.dropsStale) return null;
  return { do: 'remove', from, to: Infinity };
}

function sayLength({ held, endSamples, lengthSamples }: FeedState): FeedStep | null {
  if (Math.abs(endSamples - lengthSamples) <= SLACK_SAMPLES) return null;
  // It may not be said to be shorter than what is held.
  const last = held.at(-1);
  if (last !== undefined && last.to > endSamples + LONGEST_FRAME_SAMPLES)
    return { do: 'remove', from: endSamples, to: Infinity };
  return { do: 'length' };
}

function removeBehind({ held, positionSamples, bounds }: FeedState): FeedStep | null {
  const first = held[0];
  const keep = segmentStart(segmentAt(Math.max(0, positionSamples - bounds.behindSamples)));
  if (first === undefined || first.from >= keep - SEGMENT_SAMPLES) return null;
  return { do: 'remove', from: 0, to: keep };
}

function layMissing(state: FeedState): FeedStep | null {
  const { segments, positionSamples, bounds, lacking } = state;
  const until = positionSamples + bounds.aheadSamples;
  for (let index = segmentAt(positionSamples); index < segments.length; index++) {
    if (segmentStart(index) >= until) return null;
    if (!isMissing(state, index)) continue;
    if (index === lacking?.index) {
      const isNear = (at: number, samples: number) => segmentStart(index) <= at + samples;
      const wasLast = isNear(lacking.lackedAtSamples, LAST_ASK_SAMPLES);
      if (wasLast && isNear(positionSamples, GIVE_UP_SAMPLES)) return { do: 'give-up' };
      if (wasLast || !isNear(positionSamples, LAST_ASK_SAMPLES)) return { do: 'wait' };
    }
    const isScarce = segmentStart(index) < positionSamples + SCARCE_SAMPLES;
    return { do: 'lay', index, count: isScarce ? 1 : runFrom(state, index) };
  }
  return null;
}

/** How many missing segments from this one on lie side by side in one object. */
function runFrom(state: FeedState, index: number): number {
  let count = 1;
  while (count < MOST_AT_ONCE && isMissing(state, index + count)) {
    const [before, next] = [state.segments[index + count - 1], state.segments[index + count]];
    if (before === undefined || next === undefined || !follows(before, next)) break;
    count++;
  }
  return count;
}

function follows({ source: before }: Segment, { source: next }: Segment): boolean {
  if (before.kind !== 'pack' || next.kind !== 'pack') return false;
  return before.url === next.url && before.start + before.bytes === next.start;
}

/** Whether a segment of the path is not held where the listener will need it. */
export function isMissing(
  { segments, laid, held, positionSamples, keepBefore }: FeedState,
  index: number,
): boolean {
  const segment = segments[index];
  if (segment === undefined) return false;
  const start = Math.max(segmentStart(index), keepBefore);
  const end = segmentStart(index) + segment.durationSamples;
  if (end <= start) return false;
  const got = laid.get(index);
  if (got?.id !== segment.id || got.fromSamples > start) return true;
  const from = Math.max(start, Math.min(positionSamples, end - SLACK_SAMPLES));
  return !held.some((one) => one.from <= from + SLACK_SAMPLES && one.to >= end - SLACK_SAMPLES);
}

/** Whether everything from the listener to the end is there. */
function reachesEnd(state: FeedState): boolean {
  const { segments, positionSamples } = state;
  for (let index = segmentAt(positionSamples); index < segments.length; index++)
    if (isMissing(state, index)) return false;
  return segments.length > 0;
}
