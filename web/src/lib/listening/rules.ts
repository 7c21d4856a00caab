// The small rules of listening: speeds, what is left, where one goes on.
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';

/** Speeds to listen at, slowest first; pitch is kept at all of them. */
export const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.5, 3] as const;

/** The next speed, faster or slower; the last one stays. */
export function nextSpeed(speed: number, way: 'faster' | 'slower'): number {
  const at = SPEEDS.findIndex((one) => one >= speed);
  const from = at === -1 ? SPEEDS.length - 1 : at;
  return SPEEDS[from + (way === 'faster' ? 1 : -1)] ?? SPEEDS[from] ?? 1;
}

/** How long it takes to hear the rest at a speed, in samples. */
export function remainingSamples(length: number, position: number, speed: number): number {
  return Math.round(Math.max(0, length - position) / speed);
}

/** After a pause of so many ms listeners go on so much earlier: the longer, the more. In samples. */
export function rewindSamples(pausedMs: number): number {
  if (pausedMs < 10_000) return 0;
  if (pausedMs < 60_000) return 2 * SAMPLE_RATE;
  return pausedMs < 3_600_000 ? 5 * SAMPLE_RATE : 10 * SAMPLE_RATE;
}

/** How long a sound fades before it is put to sleep, in samples of the story. */
export const FADE_SAMPLES = 5 * SAMPLE_RATE;

/** Loudness, 0 to 1, at a place before the one at which it is put to sleep. */
export function fadeAt(position: number, endSamples: number): number {
  return Math.max(0, Math.min(1, (endSamples - position) / FADE_SAMPLES));
}
