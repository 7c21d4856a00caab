// Where a known sound lies in a recording, and how far that place stands out.
import { correlate } from './fourier.ts';

export interface Match {
  /** Frames from the recording's beginning to the first frame of the sound. */
  readonly atFrames: number;
  /**
   * How alike they are there, 0 to 1: the correlation coefficient, either sign, so that a cable
   * that turns the phase is found as well. Each place is judged by the mean and the loudness of
   * its own overlap: quiet before or loud after it change nothing.
   */
  readonly likeness: number;
  /** That likeness over the best one elsewhere. About 1 says that no place stands out. */
  readonly ratio: number;
}

/** What is nearer to the best place than this is the same sound off a wall or table, seconds. */
const SAME_PLACE_SECONDS = 0.008;
/** Below this loudness an overlap counts as if it had it: noise of converters resembles anything. */
const FLOOR_RMS = 3e-5;

/**
 * Finds `sound` in a recording that is at least as long: only places that hold all of it are
 * looked at.
 * @throws {RangeError} the recording is shorter than the sound
 */
export function findSound(sound: Float32Array, recording: Float32Array, rate: number): Match {
  if (recording.length < sound.length || sound.length === 0) {
    throw new RangeError(`findSound: ${sound.length} frames in ${recording.length}`);
  }
  const likeness = likenessAt(centred(sound), recording);
  const best = peakOf(likeness);
  const near = Math.round(SAME_PLACE_SECONDS * rate);
  const before = likeness.subarray(0, Math.max(0, best - near));
  const after = likeness.subarray(best + near + 1);
  const top = likeness[best] ?? 0;
  const next = Math.max(before[peakOf(before)] ?? 0, after[peakOf(after)] ?? 0);
  return { atFrames: best, likeness: top, ratio: next === 0 ? Infinity : top / next };
}

/** The correlation coefficient of either sign, for each place that holds all of the sound. */
function likenessAt(sound: Float32Array, recording: Float32Array): Float64Array {
  const size = 2 ** Math.ceil(Math.log2(recording.length));
  const correlation = correlate(sound, recording, size);
  const { length } = sound;
  const energy = sound.reduce((sum, value) => sum + value * value, 0);
  const floor = length * FLOOR_RMS ** 2;
  const places = new Float64Array(recording.length - length + 1);
  let sum = 0;
  let squares = 0;
  for (let end = 0; end < recording.length; end += 1) {
    const value = recording[end] ?? 0;
    const left = end < length ? 0 : (recording[end - length] ?? 0);
    sum += value - left;
    squares += value * value - left * left;
    const place = end - length + 1;
    if (place < 0) continue;
    // Of the overlap without its mean; the sound has none, so the correlation is without it, too.
    const loudness = Math.max(floor, squares - (sum * sum) / length);
    places[place] = Math.abs(correlation[place] ?? 0) / Math.sqrt(energy * loudness);
  }
  return places;
}

function centred(samples: Float32Array): Float32Array {
  const mean = samples.reduce((sum, value) => sum + value, 0) / samples.length;
  return samples.map((value) => value - mean);
}

/** Index of the largest value. */
function peakOf(values: Float64Array): number {
  let best = 0;
  for (let index = 1; index < values.length; index += 1) {
    if ((values[index] ?? 0) > (values[best] ?? 0)) best = index;
  }
  return best;
}
