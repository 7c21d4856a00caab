// A path as one stream: which rendered segments of which take follow each other.
import * as v from 'valibot';
import type { TakeId } from '../story/ids.ts';
import { SAMPLE_RATE } from './samples.ts';
import { segmentAt } from './grid.ts';

export const codecSchema = v.picklist(['aac', 'opus']);
export type Codec = v.InferOutput<typeof codecSchema>;

const count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** One stored object: an fMP4 init section, then fragments (`moof` + `mdat`), one per segment. */
export const packSchema = v.object({
  objectKey: v.string(),
  sha256: v.string(),
  bytes: count,
  /** Length of the init section; identical in every pack of a codec. */
  initBytes: count,
  /** Fragments in order: where each lies in the object, and how long it sounds. */
  segments: v.array(v.object({ offset: count, bytes: count, durationSamples: count })),
});
export type Pack = v.InferOutput<typeof packSchema>;

/** What is rendered of one take: its region, from `firstSegment` of the path's grid. */
export interface RenderedTake {
  readonly takeId: TakeId;
  readonly startSamples: number;
  readonly firstSegment: number;
  readonly pack: Pack;
}

/** A run of whole fragments inside one pack. */
export interface Stretch {
  readonly takeId: TakeId;
  readonly objectKey: string;
  readonly offset: number;
  readonly bytes: number;
  readonly segments: readonly { readonly bytes: number; readonly durationSamples: number }[];
}

/**
 * The stretches that play a path (seed first) from its first sample to its last: of each take the
 * segments before its child's region begins, of the last take all.
 */
export function stretchesOf(path: readonly RenderedTake[]): Stretch[] {
  return path.flatMap((take, index) => {
    const next = path[index + 1];
    const count = next === undefined ? undefined : segmentAt(next.startSamples) - take.firstSegment;
    const segments = take.pack.segments.slice(0, count);
    const first = segments[0];
    if (first === undefined) return [];
    return [
      {
        takeId: take.takeId,
        objectKey: take.pack.objectKey,
        offset: first.offset,
        bytes: segments.reduce((sum, segment) => sum + segment.bytes, 0),
        segments,
      },
    ];
  });
}

/** RFC 6381 codec strings, for `<source type>` and MediaSource. */
export const codecMime: Record<Codec, string> = {
  aac: 'audio/mp4; codecs="mp4a.40.2"',
  opus: 'audio/mp4; codecs="opus"',
};

/** Timescale of every pack: one tick per sample. */
export const PACK_TIMESCALE = SAMPLE_RATE;
