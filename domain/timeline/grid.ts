// The grid that rendered segments lie on, so that audio of one take follows another's seamlessly.

/** 0.32 s: 16 Opus frames of 960 samples, and 15 AAC frames of 1024. */
export const GRID_SAMPLES = 15_360;
/** 1.92 s: one fMP4 fragment. */
export const SEGMENT_SAMPLES = 6 * GRID_SAMPLES;

/** Index of the segment that holds a position. */
export function segmentAt(samples: number): number {
  return Math.floor(samples / SEGMENT_SAMPLES);
}

/** First sample of a segment. */
export function segmentStart(index: number): number {
  return index * SEGMENT_SAMPLES;
}
