// What an ear in a page heard, on the page's own clock: when a sound began, and which.
import type { Page } from 'playwright';
import * as v from 'valibot';
import { samplesOfS16 } from '../../tests/harness/tones.ts';

const PER_MS = 48;
/** Louder is a sound: -50 dB. */
const QUIET = 0.003;
/** How long it must have been silent before a press of Play. */
const BEFORE_MS = 20;
/** A tone is known by so much of it; tones of whole cycles in it do not disturb each other. */
const WINDOW_MS = 5;
const WINDOW = WINDOW_MS * PER_MS;
/** A tone sounds when it is so much of all that sounds. */
const SHARE = 0.8;

/** Which sample left the speakers when. */
const stampSchema = v.object({ frame: v.number(), ms: v.number() });
const heardSchema = v.object({
  first: v.number(),
  base64: v.string(),
  stamps: v.pipe(v.array(stampSchema), v.minLength(1)),
});

/** Times are of the page's `performance.now`, milliseconds. */
export class Heard {
  readonly #samples: Float32Array;
  readonly #first: number;
  readonly #stamps: readonly v.InferOutput<typeof stampSchema>[];

  /** All since the ear was put to the element. */
  static async of(page: Page): Promise<Heard> {
    return new Heard(v.parse(heardSchema, await page.evaluate('ear.heard()')));
  }

  private constructor({ first, base64, stamps }: v.InferOutput<typeof heardSchema>) {
    this.#samples = samplesOfS16(Buffer.from(base64, 'base64'));
    this.#first = first;
    this.#stamps = stamps;
  }

  /** When the first sound after a moment of silence was heard. @throws if none was, or it sounded */
  firstSoundMs(afterMs: number): number {
    if (this.silentMs(afterMs - BEFORE_MS, afterMs) < BEFORE_MS - 1)
      throw new Error('what sounded before had not left yet');
    for (let at = this.#indexAt(afterMs); at < this.#samples.length; at += 1)
      if (Math.abs(this.#samples[at] ?? 0) > QUIET) return this.#msOf(at);
    throw new Error('nothing was heard');
  }

  /** When a tone was first heard after a moment, late by 4 ms at most. @throws if it was not */
  firstToneMs(hertz: number, afterMs: number): number {
    for (let at = this.#indexAt(afterMs); at + WINDOW < this.#samples.length; at += PER_MS)
      if (isTone(this.#samples.subarray(at, at + WINDOW), hertz)) return this.#msOf(at + WINDOW);
    throw new Error(`a tone of ${hertz} Hz was not heard`);
  }

  /** How many milliseconds between two moments were silent. */
  silentMs(fromMs: number, toMs: number): number {
    let silent = 0;
    for (let at = this.#indexAt(fromMs); at < this.#indexAt(toMs); at += PER_MS)
      if (loudest(this.#samples.subarray(at, at + PER_MS)) <= QUIET) silent += 1;
    return silent;
  }

  #msOf(index: number): number {
    const frame = this.#first + index;
    const { frame: near, ms } = nearest(this.#stamps, (stamp) => Math.abs(stamp.frame - frame));
    return ms + (frame - near) / PER_MS;
  }

  #indexAt(ms: number): number {
    const { frame, ms: near } = nearest(this.#stamps, (stamp) => Math.abs(stamp.ms - ms));
    return Math.max(0, Math.round(frame + (ms - near) * PER_MS - this.#first));
  }
}

function nearest<T>(all: readonly T[], distance: (one: T) => number): T {
  return all.reduce((best, one) => (distance(one) < distance(best) ? one : best));
}

const loudest = (samples: Float32Array): number =>
  samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);

/** Whether a window holds one tone and little else. */
function isTone(window: Float32Array, hertz: number): boolean {
  if (loudest(window) <= QUIET) return false;
  const step = (2 * Math.PI * hertz) / (1_000 * PER_MS);
  let [cosine, sine, energy] = [0, 0, 0];
  for (const [at, sample] of window.entries()) {
    cosine += sample * Math.cos(step * at);
    sine += sample * Math.sin(step * at);
    energy += sample ** 2;
  }
  return (2 * (cosine ** 2 + sine ** 2)) / (window.length * energy) > SHARE;
}
