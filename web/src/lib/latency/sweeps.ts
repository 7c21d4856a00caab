// What is played to measure how late a microphone hears its own speakers: one sweep up, one down.

/** A sweep, and when it sounds. */
export interface Sweep {
  readonly samples: Float32Array<ArrayBuffer>;
  /** Frames from the beginning of the measurement. */
  readonly atFrames: number;
}

export interface Sounding {
  readonly rate: number;
  /** How long to listen, from the beginning. */
  readonly frames: number;
  readonly sweeps: readonly [Sweep, Sweep];
}

/** The longest delay that is looked for, seconds. */
export const MOST_DELAY_SECONDS = 1;

/**
 * Long enough to rise above a noisy room, and short enough that a sweep with its longest delay
 * fits a transform of 2¹⁶ at 48 kHz.
 */
const SWEEP_SECONDS = 0.32;
/** What phones can sound and headsets can hear. */
const [LOW_HZ, HIGH_HZ] = [450, 6_500];
/** Full scale is 1. */
const AMPLITUDE = 0.6;
/** Share of a sweep in which it swells, and in which it dies down: no clicks. */
const TAPER = 0.08;
const [FIRST_SECONDS, SECOND_SECONDS, ALL_SECONDS] = [0.3, 2, 3.4];

/**
 * The two sweeps at a context's rate. They differ, so that neither is taken for the other, and run
 * opposite ways, so that what shifts a sweep in pitch moves their places apart instead of moving
 * both.
 */
export function sounding(rate: number): Sounding {
  const at = (seconds: number): number => Math.round(seconds * rate);
  return {
    rate,
    frames: at(ALL_SECONDS),
    sweeps: [
      { samples: sweep(rate, [LOW_HZ, HIGH_HZ]), atFrames: at(FIRST_SECONDS) },
      { samples: sweep(rate, [HIGH_HZ, LOW_HZ]), atFrames: at(SECOND_SECONDS) },
    ],
  };
}

/** All of it, as it is played. */
export function samplesOf({ frames, sweeps }: Sounding): Float32Array<ArrayBuffer> {
  const samples = new Float32Array(frames);
  for (const { samples: sweep, atFrames } of sweeps) samples.set(sweep, atFrames);
  return samples;
}

function sweep(rate: number, [fromHz, toHz]: readonly [number, number]): Float32Array<ArrayBuffer> {
  const length = Math.round(SWEEP_SECONDS * rate);
  return Float32Array.from({ length }, (_, index) => {
    const seconds = index / rate;
    const cycles = fromHz * seconds + ((toHz - fromHz) * seconds ** 2) / (2 * SWEEP_SECONDS);
    return AMPLITUDE * swell(index / length) * Math.sin(2 * Math.PI * cycles);
  });
}

function swell(share: number): number {
  const edge = Math.min(share, 1 - share) / TAPER;
  return edge >= 1 ? 1 : Math.sin((Math.PI / 2) * edge) ** 2;
}
