// From a recording of the two sweeps to the delay between playing a sound and hearing it: pure.
import { findSound, type Match } from './find-sweep.ts';
import { MOST_DELAY_SECONDS, type Sounding, type Sweep } from './sweeps.ts';

/** Why no delay was found. */
export type Unheard =
  /** Nothing at all came in. */
  | 'silent'
  /** It was too loud for the microphone. */
  | 'too-loud'
  /** The sweeps were not in what came in, or not clearly. */
  | 'not-heard';

export type Hearing =
  | { readonly heard: true; readonly roundTripFrames: number }
  | { readonly heard: false; readonly why: Unheard };

/** Full scale is 1. */
const SILENT_PEAK = 5e-4;
const CLIPPED = 0.985;
/** Share of clipped samples from which on the microphone is overdriven, and its limiter at work. */
const CLIPPED_SHARE = 0.005;
/**
 * What a sweep must reach to count as heard. Both figures were chosen between what unrelated
 * speech, babble and clicks reach and what sweeps in babble as loud as they are do; see
 * round-trip.test.ts and docs/decisions/021.
 */
const LEAST_LIKENESS = 0.2;
const LEAST_RATIO = 1.4;
/** How far the two delays may differ, seconds. */
const AGREEMENT_SECONDS = 0.001;
/** What is looked at before a sweep could be heard, and after: for comparison. Seconds. */
const MARGIN_SECONDS = 0.01;

/**
 * The delay at which both sweeps are heard, to the frame, 0 to 1 s.
 * @param recording what came in from the frame on at which the sounding began
 */
export function hearRoundTrip(recording: Float32Array, { rate, sweeps }: Sounding): Hearing {
  const peak = recording.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (peak < SILENT_PEAK) return { heard: false, why: 'silent' };
  const clipped = recording.reduce((sum, value) => sum + (Math.abs(value) >= CLIPPED ? 1 : 0), 0);
  if (clipped > CLIPPED_SHARE * recording.length) return { heard: false, why: 'too-loud' };
  const first = hearSweep(sweeps[0], recording, rate);
  const second = first === null ? null : hearSweep(sweeps[1], recording, rate);
  if (first === null || second === null) return { heard: false, why: 'not-heard' };
  const apart = Math.abs(first.atFrames - second.atFrames);
  const delay = Math.round((first.atFrames + second.atFrames) / 2);
  const tolerance = AGREEMENT_SECONDS * rate;
  const isPossible = delay >= -tolerance && delay <= MOST_DELAY_SECONDS * rate;
  if (apart > tolerance || !isPossible) return { heard: false, why: 'not-heard' };
  return { heard: true, roundTripFrames: Math.max(0, delay) };
}

/** Where a sweep is clearly heard, as frames after it was played; null if nowhere. */
function hearSweep(
  { samples, atFrames }: Sweep,
  recording: Float32Array,
  rate: number,
): Match | null {
  const from = Math.max(0, Math.round(atFrames - MARGIN_SECONDS * rate));
  const reach = (MOST_DELAY_SECONDS + MARGIN_SECONDS) * rate;
  const window = recording.subarray(from, Math.round(atFrames + reach) + samples.length);
  if (window.length < samples.length) return null;
  const match = findSound(samples, window, rate);
  const isClear = match.likeness >= LEAST_LIKENESS && match.ratio >= LEAST_RATIO;
  return isClear ? { ...match, atFrames: from + match.atFrames - atFrames } : null;
}
