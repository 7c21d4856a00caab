// What of a take is published: a cut of it, as numbers beside the recording, which stays whole.
import { fit, type Span } from '#domain/timeline/duet.ts';
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';

/** The part that is kept, in samples at 48 kHz of the whole recording. */
export interface Trim {
  readonly fromSamples: number;
  readonly toSamples: number;
}

/** How a take was changed in review; its recording stays whole. */
export interface TakeEdit {
  /** Null for a file that this browser cannot decode. */
  readonly trim: Trim | null;
  /** By how much it was moved against its parent, milliseconds; positive is later. */
  readonly nudgeMs: number;
}

/** Shortest seed, and the tail that a trimmed take keeps: a shorter one can hardly be answered. */
export const LEAST_TAIL_SAMPLES = SAMPLE_RATE;
/** Fade at an edge that was cut, against a click. */
const FADE_SAMPLES = Math.round(0.005 * SAMPLE_RATE);

/** Where a take lies and what it must outlast. */
export interface Place {
  readonly punchSamples: number;
  readonly parent: Span | null;
}

/** How far the handles go. What cannot be moved has one value only. */
export interface TrimLimits {
  /** Latest start of the part that is kept. */
  readonly latestFrom: number;
  /** Earliest end: the take must outlast its parent. */
  readonly earliestTo: number;
}

export function wholeOf(durationSamples: number): Trim {
  return { fromSamples: 0, toSamples: durationSamples };
}

/** Whether a trim leaves everything. */
export function isWhole({ fromSamples, toSamples }: Trim, durationSamples: number): boolean {
  return fromSamples === 0 && toSamples === durationSamples;
}

/**
 * How far a take can be trimmed. Its end goes back until it would leave no tail. Its start has a
 * fixed place over a parent: what is cut there becomes silence, so that nothing after it moves.
 */
export function trimLimits(
  { fromSamples, toSamples }: Trim,
  whole: number,
  place: Place,
): TrimLimits {
  const floor =
    place.parent === null
      ? fromSamples + LEAST_TAIL_SAMPLES
      : outlasting(place) + LEAST_TAIL_SAMPLES;
  return {
    earliestTo: Math.min(floor, whole),
    latestFrom: Math.max(0, toSamples - LEAST_TAIL_SAMPLES),
  };
}

/** Samples that a take needs to end where its parent does. */
function outlasting({ punchSamples, parent }: Place): number {
  return parent === null
    ? 0
    : Math.max(0, parent.startSamples + parent.durationSamples - punchSamples);
}

/** The trim nearest to what was asked for. */
export function trimmed(asked: Trim, whole: number, place: Place): Trim {
  const from = within(asked.fromSamples, 0, Math.max(0, whole - LEAST_TAIL_SAMPLES));
  const { earliestTo } = trimLimits({ ...asked, fromSamples: from }, whole, place);
  const toSamples = within(asked.toSamples, earliestTo, whole);
  const { latestFrom } = trimLimits({ fromSamples: from, toSamples }, whole, place);
  return { fromSamples: within(from, 0, latestFrom), toSamples };
}

function within(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, Math.round(value)));
}

/** The same stretch of time, counted in samples at another rate. */
export function atRate({ fromSamples, toSamples }: Trim, rate: number): Trim {
  const scaled = (samples: number): number => Math.round((samples * rate) / SAMPLE_RATE);
  return { fromSamples: scaled(fromSamples), toSamples: scaled(toSamples) };
}

/** How long the take is that a trim leaves: over a parent, the silence before it counts. */
export function lengthOf({ fromSamples, toSamples }: Trim, { parent }: Place): number {
  return parent === null ? toSamples - fromSamples : toSamples;
}

/** How many samples a take lacks to leave a tail at all; 0 if it does. */
export function lacking(durationSamples: number, { punchSamples, parent }: Place): number {
  const fits = fit({ startSamples: punchSamples, durationSamples }, parent);
  return !fits.fits && fits.why === 'too_short' ? fits.missingSamples : 0;
}

/**
 * The samples that a trim leaves, faded where it cut; the recording itself is not touched.
 * @param trim counted at the rate of the samples, see `atRate`
 */
export function cut(samples: Float32Array, trim: Trim, place: Place): Float32Array<ArrayBuffer> {
  const { fromSamples, toSamples } = trim;
  const start = place.parent === null ? fromSamples : 0;
  const kept = samples.slice(start, toSamples);
  const first = fromSamples - start;
  kept.fill(0, 0, first);
  if (fromSamples > 0) fade(kept, first, 1);
  if (toSamples < samples.length) fade(kept, kept.length - 1, -1);
  return kept;
}

/** Lets the samples rise from the edge at `at`, inwards. */
function fade(samples: Float32Array, at: number, step: 1 | -1): void {
  for (let index = 0; index < FADE_SAMPLES; index++) {
    const place = at + step * index;
    const value = samples[place];
    if (value === undefined) return;
    samples[place] = value * (index / FADE_SAMPLES);
  }
}
