// The scale of the recorder's two lanes, and the part of a waveform that they show.
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';
import type { LeadTake } from './recorder-props.ts';

/** A waveform has a pair of peaks for every so many samples. */
const SAMPLES_PER_PAIR = 480;
const LEAST_SAMPLES = 8 * SAMPLE_RATE;

/**
 * What the width stands for, in samples: what leads to the punch point, the parent's tail and room
 * beyond it. It grows in steps, so that a running take does not keep shrinking.
 */
export function shownSamples({
  lead,
  tail,
  own,
}: {
  readonly lead: number;
  readonly tail: number;
  readonly own: number;
}): number {
  let samples = Math.max(LEAST_SAMPLES, 1.4 * tail);
  while (own > 0.96 * samples) samples *= 1.5;
  return lead + samples;
}

/** The peaks of a take from a place of the path on; null if they are not known. */
export function tailPeaksFrom(
  { peaks, startSamples }: LeadTake,
  fromSamples: number,
): Uint8Array | Int8Array | null {
  if (peaks === undefined) return null;
  return peaks.subarray(2 * Math.floor((fromSamples - startSamples) / SAMPLES_PER_PAIR));
}
