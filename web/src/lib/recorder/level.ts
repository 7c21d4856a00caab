// What the meter shows, and what it says in words.

/** Full scale is 1. A reading covers what arrived since the last one. */
export interface Level {
  readonly peak: number;
  readonly rms: number;
  /** Words for a person when something is wrong with the level, else null. */
  readonly warning: string | null;
}

/** What is read before anything arrives. */
export const quiet: Level = { peak: 0, rms: 0, warning: null };

export const TOO_LOUD = 'Too loud, step back';
export const SILENT = 'We hear nothing. Is the right microphone chosen?';

const CLIPPING_PEAK = 0.985;
const SILENT_PEAK = 0.0008;
/** How long a warning of clipping stays, and how long silence lasts before it is told: samples. */
const CLIPPING_HOLD = 1.5 * 48_000;
const SILENCE_PATIENCE = 3 * 48_000;

/** Follows the level of what the microphone sends. */
export class LevelWatch {
  #peak = 0;
  #squares = 0;
  #count = 0;
  #sinceClipping = Infinity;
  #sinceSound = 0;

  push(samples: Float32Array): void {
    let peak = 0;
    for (const sample of samples) {
      peak = Math.max(peak, Math.abs(sample));
      this.#squares += sample * sample;
    }
    this.#count += samples.length;
    this.#peak = Math.max(this.#peak, peak);
    this.#sinceClipping = peak >= CLIPPING_PEAK ? 0 : this.#sinceClipping + samples.length;
    this.#sinceSound = peak >= SILENT_PEAK ? 0 : this.#sinceSound + samples.length;
  }

  /** Whether anything arrived since the last reading: blocks come less often than screen frames. */
  get hasNews(): boolean {
    return this.#count > 0;
  }

  /** The level since the last reading. */
  read(): Level {
    const level = {
      peak: this.#peak,
      rms: this.#count === 0 ? 0 : Math.sqrt(this.#squares / this.#count),
      warning: this.#warning(),
    };
    this.#peak = 0;
    this.#squares = 0;
    this.#count = 0;
    return level;
  }

  #warning(): string | null {
    if (this.#sinceClipping < CLIPPING_HOLD) return TOO_LOUD;
    return this.#sinceSound >= SILENCE_PATIENCE ? SILENT : null;
  }
}

/** Where a level stands on a meter from -60 dB to full scale, 0 to 1. */
export function meterShare(level: number): number {
  return level <= 0 ? 0 : Math.max(0, Math.min(1, 1 + (20 * Math.log10(level)) / 60));
}
