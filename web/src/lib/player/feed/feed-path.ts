// A path as the feeder sees it: segments on the grid, each with the bytes that it comes from.
import type { Playlist, RoughTake } from '#domain/protocol/playlist.ts';
import { endOf } from '#domain/timeline/duet.ts';
import { SEGMENT_SAMPLES, segmentAt, segmentStart } from '#domain/timeline/grid.ts';
import type { Codec } from '#domain/timeline/path-packs.ts';

/** What a segment is made of: bytes of a stored pack, or stems that the page sums by itself. */
export type SegmentSource =
  | { readonly kind: 'pack'; readonly url: string; readonly start: number; readonly bytes: number }
  | { readonly kind: 'rough'; readonly takes: readonly RoughTake[] };

/** One segment of the grid; its place in `FeedPath.segments` is its index on the grid. */
export interface Segment {
  /** Equal ids are equal sound, at the same place. */
  readonly id: string;
  readonly durationSamples: number;
  readonly source: SegmentSource;
}

export interface FeedPath {
  readonly codec: Codec;
  readonly initBytes: number;
  readonly segments: readonly Segment[];
  /** Where its sound ends, in samples. */
  readonly endSamples: number;
  /** From here on it is mixed by the page; null if nothing is. */
  readonly roughFromSamples: number | null;
}

/** The segments of a playlist, from the path's first sample on. */
export function feedPathOf({ codec, initBytes, stretches, rough }: Playlist): FeedPath {
  const segments: Segment[] = [];
  for (const { sha256, url, firstSegment, offset, segments: parts } of stretches) {
    segments.length = Math.min(segments.length, firstSegment);
    let start = offset;
    for (const { bytes, durationSamples } of parts) {
      const source = { kind: 'pack', url, start, bytes } as const;
      segments.push({ id: `${sha256}:${start}`, durationSamples, source });
      start += bytes;
    }
  }
  const first = rough.takes[rough.takes.length - rough.unmixed];
  if (first !== undefined && rough.unmixed > 0) addRough(segments, rough.takes, first);
  const last = segments.at(-1);
  const endSamples =
    last === undefined ? 0 : segmentStart(segments.length - 1) + last.durationSamples;
  const roughFromSamples = first === undefined || rough.unmixed === 0 ? null : first.startSamples;
  return { codec, initBytes, segments, endSamples, roughFromSamples };
}

/** Lays the rough mix over whatever is rendered from the first unmixed take's segment on. */
function addRough(segments: Segment[], takes: readonly RoughTake[], first: RoughTake): void {
  const from = segmentAt(first.startSamples);
  segments.length = Math.min(segments.length, from);
  const end = takes.reduce((latest, take) => Math.max(latest, endOf(take)), 0);
  for (let index = segments.length; segmentStart(index) < end; index++) {
    const start = segmentStart(index);
    const durationSamples = Math.min(SEGMENT_SAMPLES, end - start);
    const sounding = takes.filter(
      (take) => take.startSamples < start + durationSamples && endOf(take) > start,
    );
    const voices = sounding.map(({ id, stem }) => (stem === null ? 'silent' : id));
    const id = `rough:${index}:${voices.join('+')}:${durationSamples}`;
    segments.push({ id, durationSamples, source: { kind: 'rough', takes: sounding } });
  }
}

/** The index of the first segment in which two paths differ; where the shorter ends, if in none. */
export function forkOf(one: FeedPath, other: FeedPath): number {
  const index = one.segments.findIndex(({ id }, at) => other.segments[at]?.id !== id);
  return index === -1 ? one.segments.length : index;
}
