// What every mix is made of, be it a region that is played or a path that is taken home: how one
// stem sounds, how stems are summed, and what holds the sum.
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';
import { filter, type Filter } from './ffmpeg/graph.ts';

/** Edges of a stem are faded over this, against clicks: 5 ms. */
const FADE_SAMPLES = 240;
/** Padding that lets the limiter's look-ahead run out behind the sound. */
export const TAIL_SAMPLES = 4_800;

/** A stretch of a stem as it sounds in a mix. */
export interface Sounding {
  readonly durationSamples: number;
  /** Static gain, dB. */
  readonly gainDb: number;
  /** Whether its first and its last sample are edges of the stem. */
  readonly fadeIn: boolean;
  readonly fadeOut: boolean;
}

/** Brings a stretch to its loudness, in float, and fades the stem's edges. */
export function soundFilters(stretch: Sounding): Filter[] {
  const fade = Math.min(FADE_SAMPLES, stretch.durationSamples);
  const fadeOutFrom = stretch.durationSamples - fade;
  return [
    filter('aformat', { sample_fmts: 'fltp' }),
    filter('volume', { volume: `${stretch.gainDb.toFixed(1)}dB`, precision: 'float' }),
    ...(stretch.fadeIn ? [filter('afade', { type: 'in', ss: 0, ns: fade })] : []),
    ...(stretch.fadeOut ? [filter('afade', { type: 'out', ss: fadeOutFrom, ns: fade })] : []),
  ];
}

/** Sums inputs as they are: none gets louder or softer because another begins or ends. */
export function sumFilter(inputs: number): Filter {
  return filter('amix', { inputs, duration: 'longest', dropout_transition: 0, normalize: false });
}

/**
 * Holds true peaks at -1 dBTP (ITU-R BS.1770), without delay. What a player's converter makes
 * between two samples can lie 3 dB above both, so the limiter sees twice as many of them. Half a
 * decibel is for what even that does not show, and for the way back.
 */
export function limitFilters(): Filter[] {
  return [
    filter('aresample', { osr: 2 * SAMPLE_RATE }),
    filter('alimiter', { limit: 0.84, level: false, latency: true }),
    filter('aresample', { osr: SAMPLE_RATE }),
  ];
}

/** A source of silence, so many samples long. */
export function silenceFilters(samples: number): Filter[] {
  return [
    filter('anullsrc', { sample_rate: SAMPLE_RATE, channel_layout: 'mono' }),
    filter('atrim', { end_sample: samples }),
  ];
}
