// What to render for a whole path at once: every stem, in two lanes in which nothing overlaps.
import * as v from 'valibot';
import { endOf } from './duet.ts';
import type { MixSource } from './mix-plan.ts';

const samples = v.pipe(v.number(), v.integer(), v.minValue(0));

/** A whole stem in a lane, faded at both edges. Lengths in samples. */
export const lanePieceSchema = v.object({
  stemSha256: v.string(),
  /** Silence before it: from the end of the piece before, or from the path's first sample. */
  gapSamples: samples,
  durationSamples: samples,
  gainDb: v.number(),
});
export type LanePiece = v.InferOutput<typeof lanePieceSchema>;
export type Lane = readonly LanePiece[];

export const lanesPlanSchema = v.object({
  /** Length of the path. */
  durationSamples: samples,
  /** None, one or two, each with a piece at least. Their sum is the path. */
  lanes: v.pipe(v.array(v.pipe(v.array(lanePieceSchema), v.minLength(1))), v.maxLength(2)),
});
export type LanesPlan = v.InferOutput<typeof lanesPlanSchema>;

/** The lane, 0 or 1, of a path's n-th take: its neighbours, whom it overlaps, are in the other. */
export function laneOf(index: number): 0 | 1 {
  return index % 2 === 0 ? 0 : 1;
}

/**
 * Plans the mix of a whole path (seed first). A take without a stem leaves silence, so lanes of
 * voices alone have no gaps.
 * @throws {RangeError} the path is empty, or a take starts before the end of the last but one
 */
export function planLanes(path: readonly MixSource[]): LanesPlan {
  const last = path.at(-1);
  if (last === undefined) throw new RangeError('planLanes: the path is empty');
  const lanes: [LanePiece[], LanePiece[]] = [[], []];
  const ends: [number, number] = [0, 0];
  for (const [index, source] of path.entries()) {
    if (source.stem === null) continue;
    const lane = laneOf(index);
    const gapSamples = source.startSamples - ends[lane];
    if (gapSamples < 0) throw new RangeError(`planLanes: take ${source.id} overlaps its lane`);
    lanes[lane].push({
      stemSha256: source.stem.sha256,
      gapSamples,
      durationSamples: source.durationSamples,
      gainDb: source.stem.gainDb,
    });
    ends[lane] = endOf(source);
  }
  return {
    durationSamples: endOf(last),
    lanes: lanes.filter((lane) => lane.length > 0),
  };
}

/** Samples from the start of a lane's first gap to the end of its last piece. */
export function laneLength(lane: Lane): number {
  return lane.reduce((sum, piece) => sum + piece.gapSamples + piece.durationSamples, 0);
}

/** What one part of a lane may hold at most; a longer piece is a part by itself. */
export interface PartLimits {
  readonly pieces: number;
  readonly samples: number;
}

/** Cuts a lane, between pieces, into parts that keep to the limits. */
export function laneParts(lane: Lane, most: PartLimits): Lane[] {
  const parts: LanePiece[][] = [];
  let length = 0;
  for (const piece of lane) {
    const part = parts.at(-1);
    const added = piece.gapSamples + piece.durationSamples;
    if (part === undefined || part.length >= most.pieces || length + added > most.samples) {
      parts.push([piece]);
      length = added;
    } else {
      part.push(piece);
      length += added;
    }
  }
  return parts;
}
