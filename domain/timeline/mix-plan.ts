// What to render for a take: the clips that sound in its region of every path through it.
import { endOf, type Span } from './duet.ts';
import { segmentAt, segmentStart } from './grid.ts';
import type { TakeId } from '../story/ids.ts';

/** A take as the renderer needs it; `stem` is null for written takes, which are silent. */
export interface MixSource extends Span {
  readonly id: TakeId;
  readonly stem: { readonly sha256: string; readonly gainDb: number } | null;
}

/** A stretch of one stem, and where it lies. All positions in samples. */
export interface Clip {
  readonly takeId: TakeId;
  readonly stemSha256: string;
  /** First sample of the stem that is used. */
  readonly fromSamples: number;
  readonly durationSamples: number;
  /** Position in the region, from `MixPlan.startSamples`. */
  readonly atSamples: number;
  readonly gainDb: number;
  /** True where the clip begins or ends with its stem, so that the edge is faded against clicks. */
  readonly fadeIn: boolean;
  readonly fadeOut: boolean;
}

export interface MixPlan {
  /** Index of the first segment of the region on the path's grid. */
  readonly firstSegment: number;
  /** First sample of the region on the path's clock: where `firstSegment` starts. */
  readonly startSamples: number;
  readonly durationSamples: number;
  readonly clips: readonly Clip[];
}

/**
 * Plans the region of the last take of `path` (seed first): from the segment in which it starts,
 * less `leadSegments` of run-up for the encoder, to its end. At most two clips sound at once, and
 * only ancestors that reach into the region are in the plan, so it is O(take), not O(path).
 */
export function planRegion(path: readonly MixSource[], leadSegments = 0): MixPlan {
  const take = path.at(-1);
  if (take === undefined) throw new RangeError('planRegion: the path is empty');
  const firstSegment = segmentAt(take.startSamples) - leadSegments;
  const startSamples = segmentStart(firstSegment);
  const end = endOf(take);
  const clips: Clip[] = [];
  for (const source of path.toReversed()) {
    if (endOf(source) <= startSamples) break; // ends only grow along a path
    if (source.stem !== null) clips.push(clip(source, source.stem, { startSamples, end }));
  }
  return {
    firstSegment,
    startSamples,
    durationSamples: end - startSamples,
    clips: clips.toReversed(),
  };
}

function clip(
  source: MixSource,
  stem: { sha256: string; gainDb: number },
  region: { startSamples: number; end: number },
): Clip {
  const from = Math.max(source.startSamples, region.startSamples);
  const to = Math.min(endOf(source), region.end);
  return {
    takeId: source.id,
    stemSha256: stem.sha256,
    fromSamples: from - source.startSamples,
    durationSamples: to - from,
    atSamples: from - region.startSamples,
    gainDb: stem.gainDb,
    fadeIn: from === source.startSamples,
    fadeOut: to === endOf(source),
  };
}
