// Waveforms: signed 8-bit min/max pairs of samples, at three resolutions.
import { SAMPLE_RATE } from '../timeline/samples.ts';

/** Pairs a second, finest first. */
export const peakRates = [100, 10, 1] as const;
export type PeakRate = (typeof peakRates)[number];

/** The peaks of a take at each resolution; the last pair of each may stand for fewer samples. */
export type PeaksAtRates = Readonly<Record<PeakRate, Uint8Array>>;

/** A take at a glance is drawn in at most so many points, four a second. */
export const OVERVIEW_POINTS = { fewest: 44, most: 110, perSecond: 4 } as const;

/** From which length on a coarser resolution has a pair for every point of the overview, in samples. */
export const overviewFromSamples: readonly (readonly [rate: PeakRate, fromSamples: number])[] = [
  [1, OVERVIEW_POINTS.most * SAMPLE_RATE],
  [10, (OVERVIEW_POINTS.fewest * SAMPLE_RATE) / 10],
];

/** The coarsest resolution that shows a take at a glance as well as the finest does. */
export function overviewRate(durationSamples: number): PeakRate {
  return overviewFromSamples.find(([, from]) => durationSamples >= from)?.[0] ?? 100;
}

/** All resolutions of peaks that are taken 100 times a second. */
export function peaksAtRates(finest: Uint8Array): PeaksAtRates {
  const coarser = condensed(finest, 10);
  return { 100: finest, 10: coarser, 1: condensed(coarser, 10) };
}

/** The least and the greatest of each `count` pairs. */
function condensed(peaks: Uint8Array, count: number): Uint8Array {
  const from = new Int8Array(peaks.buffer, peaks.byteOffset, peaks.byteLength);
  const to = new Int8Array(2 * Math.ceil(from.length / 2 / count));
  for (let at = 0; at < to.length; at += 2) {
    const group = from.subarray(at * count, (at + 2) * count);
    to[at] = group.reduce(
      (least, value, index) => (index % 2 === 0 ? Math.min(least, value) : least),
      127,
    );
    to[at + 1] = group.reduce(
      (most, value, index) => (index % 2 === 1 ? Math.max(most, value) : most),
      -128,
    );
  }
  return new Uint8Array(to.buffer);
}
