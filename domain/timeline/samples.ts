// Time in this product is counted in samples at 48 kHz; milliseconds exist only to be shown.

/** Samples per second of every stem, mix and timeline position. */
export const SAMPLE_RATE = 48_000;

/** The latest end a take may have on its path: what a Postgres `integer` holds (12.4 hours). */
export const MAX_PATH_SAMPLES = 2 ** 31 - 1;

/** Whole milliseconds, rounded to nearest: for display only, never for placement. */
export function samplesToMs(samples: number): number {
  return Math.round((samples * 1000) / SAMPLE_RATE);
}

/** Seconds as a float: for the audio APIs that think in seconds. */
export function samplesToSeconds(samples: number): number {
  return samples / SAMPLE_RATE;
}

/** Samples nearest to a time in milliseconds. */
export function msToSamples(ms: number): number {
  return Math.round((ms * SAMPLE_RATE) / 1000);
}

/** Samples nearest to a time in seconds. */
export function secondsToSamples(seconds: number): number {
  return Math.round(seconds * SAMPLE_RATE);
}

/**
 * "0:07", "12:34", "1:02:03": a position as people read it, whole seconds, floored.
 */
export function formatClock(samples: number): string {
  const seconds = Math.floor(Math.max(0, samples) / SAMPLE_RATE);
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  return hours > 0
    ? `${hours}:${two(minutes)}:${two(seconds % 60)}`
    : `${minutes}:${two(seconds % 60)}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
