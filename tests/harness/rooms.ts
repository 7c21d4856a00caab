// For tests: rooms in which the sweeps sound, and sounds that are none.
import { voice } from './tones.ts';

const RATE = 48_000;

/** Numbers from 0 to 1, the same for the same seed. */
export function ofRandom(seed: number): { number: () => number } {
  let state = seed >>> 0;
  return {
    number: () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    },
  };
}

/** Four people who talk at once. */
export function babble(seed: number, length: number): Float32Array {
  const voices = [1, 2, 3, 4].map((n) => voice(1_000 * seed + n, length));
  return Float32Array.from({ length }, (_, i) =>
    voices.reduce((sum, one) => sum + (one[i] ?? 0) / 2, 0),
  );
}

/** Clicks at a pace that is nearly even: a clock, a keyboard, a metronome. */
export function clicks(seed: number, length: number): Float32Array {
  const { number } = ofRandom(seed);
  const samples = new Float32Array(length);
  const pace = RATE * (0.06 + 0.6 * number());
  const jitter = seed % 2 === 0 ? 0 : 0.2 * number();
  for (let at = pace * number(); at < length; at += pace * (1 + jitter * (number() - 0.5))) {
    for (let i = 0; i < 40; i += 1) samples[Math.floor(at) + i] = 0.8 * Math.exp(-i / 8);
  }
  return samples.subarray(0, length);
}

/** Bursts of noise or tone, four or so a second, all alike within a recording. */
export function syllables(seed: number, length: number): Float32Array {
  const { number } = ofRandom(seed);
  const samples = new Float32Array(length);
  const [pace, burst, hertz] = [
    RATE * (0.15 + 0.2 * number()),
    RATE * (0.05 + 0.1 * number()),
    200 + 3_000 * number(),
  ];
  const isNoise = seed % 3 === 0;
  for (let at = 0; at < length; at += pace) {
    for (let i = 0; i < burst; i += 1) {
      const swell = Math.sin((Math.PI * i) / burst) ** 2;
      const tone = isNoise ? 2 * number() - 1 : Math.sin((2 * Math.PI * hertz * i) / RATE);
      samples[Math.floor(at) + i] = 0.5 * swell * tone;
    }
  }
  return samples.subarray(0, length);
}

interface Room {
  readonly seed: number;
  readonly delayFrames: number;
  /** How loud the sweeps arrive; 1 is as they were played. */
  readonly gain?: number;
  /** Loudness of the babble against the sweeps as they arrive, in rms; 1 is as loud. */
  readonly noiseRatio: number;
  readonly inverted?: boolean;
  /** Nothing above it is heard. */
  readonly cutOffHz?: number;
}

/** What a microphone records of a sound that is played, off walls and among people who talk. */
export function room(
  played: Float32Array,
  { seed, delayFrames, gain = 0.3, noiseRatio, inverted = false, cutOffHz }: Room,
): Float32Array {
  const { number } = ofRandom(77 * seed + 1);
  const recording = new Float32Array(played.length);
  const add = (late: number, by: number): void => {
    for (let i = late; i < recording.length; i += 1)
      recording[i] = (recording[i] ?? 0) + by * (played[i - late] ?? 0);
  };
  const direct = inverted ? -gain : gain;
  add(delayFrames, direct);
  for (let wall = 0; wall < 6; wall += 1) {
    const late = Math.round(RATE * (0.002 + 0.06 * number()));
    add(delayFrames + late, direct * (0.1 + 0.35 * number()) * (number() < 0.5 ? -1 : 1));
  }
  const heard = cutOffHz === undefined ? recording : lowPassed(recording, cutOffHz);
  const noise = babble(seed, played.length);
  // The sweeps' own loudness, while they sound.
  const loudness = (gain * 0.6) / Math.SQRT2;
  const level = (noiseRatio * loudness) / rmsOf(noise);
  return heard.map((value, i) => value + level * (noise[i] ?? 0));
}

/** Two poles at one place. */
function lowPassed(samples: Float32Array, cutOffHz: number): Float32Array {
  const share = 1 - Math.exp((-2 * Math.PI * cutOffHz) / RATE);
  let [first, second] = [0, 0];
  return samples.map((value) => {
    first += share * (value - first);
    second += share * (first - second);
    return second;
  });
}

function rmsOf(samples: Float32Array): number {
  return Math.sqrt(samples.reduce((sum, value) => sum + value * value, 0) / samples.length);
}
