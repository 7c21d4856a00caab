// GET /api/takes/<takeId>/playlist: where the sound of a path lies, for players that fetch it
// themselves, segment by segment.
import * as v from 'valibot';
import { takeIdSchema } from '../story/ids.ts';
import { codecSchema } from '../timeline/path-packs.ts';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** How long the links of a playlist work, seconds. */
export const PLAYLIST_LINK_SECONDS = 15 * 60;

/** A run of segments of one rendered pack: bytes of one object. */
const stretchSchema = v.object({
  takeId: takeIdSchema,
  /** Hash of the object: the same segments of the same pack are the same sound on every path. */
  sha256: v.string(),
  /** A link to the object that expires; ask for it by Range. */
  url: v.string(),
  /** Place of its first segment on the path's grid of 1.92 s. */
  firstSegment: count,
  /** Where its first segment begins in the object; the others follow it. */
  offset: count,
  segments: v.array(v.object({ bytes: count, durationSamples: count })),
});
export type PlaylistStretch = v.InferOutput<typeof stretchSchema>;

/** A take whose sound reaches into what is not rendered yet; without a stem it is silent. */
const roughTakeSchema = v.object({
  id: takeIdSchema,
  startSamples: count,
  durationSamples: count,
  stem: v.nullable(v.object({ sha256: v.string(), gainDb: v.number(), url: v.string() })),
});
export type RoughTake = v.InferOutput<typeof roughTakeSchema>;

export const playlistSchema = v.object({
  codec: codecSchema,
  /** True if the path is rendered to its end. */
  complete: v.boolean(),
  /** The first bytes of every object: the init section, the same in all of a codec. */
  initBytes: count,
  /** From the path's first sample on, without a gap. */
  stretches: v.array(stretchSchema),
  /**
   * What follows: the takes that are recorded and not rendered, last ones of `takes`; before them
   * those whose tails sound in them. Empty if there is nothing to hear of what follows.
   */
  rough: v.object({ takes: v.array(roughTakeSchema), unmixed: count }),
});
export type Playlist = v.InferOutput<typeof playlistSchema>;
