// What is read off a stem's samples: its waveform, its silences, and a fingerprint.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';

/** Samples that one pair of peaks stands for: 100 pairs a second. */
export const PEAK_SAMPLES = SAMPLE_RATE / 100;

/** Quieter than this (about -46 dB of full scale) counts as silence. */
const SILENCE_LEVEL = 164;
/** Shorter silences are how people breathe: half a second. */
const SHORTEST_SILENCE_PAIRS = 50;

export interface Silence {
  readonly startSamples: number;
  readonly durationSamples: number;
}

export interface Waveform {
  readonly durationSamples: number;
  /** Signed 8-bit min/max pairs; the last pair may stand for fewer samples. */
  readonly peaks: Uint8Array;
  readonly silences: readonly Silence[];
  /** Loudest sample, 0 to 1. */
  readonly peak: number;
  /** MD5 of the samples, as FLAC keeps it in its header. Hex. */
  readonly md5: string;
}

/** Reads a file of 16-bit little-endian mono samples at 48 kHz. */
export async function readWaveform(path: string): Promise<Waveform> {
  const reader = new WaveformReader();
  const stream: AsyncIterable<Buffer> = createReadStream(path, {
    highWaterMark: PEAK_SAMPLES * 2 * 100,
  });
  for await (const chunk of stream) reader.add(chunk);
  return reader.finish();
}

/** The same for samples that come in pieces of any size. */
export class WaveformReader {
  readonly #md5 = createHash('md5');
  readonly #pairs: [number, number][] = [];
  #min = 0;
  #max = 0;
  #inPair = 0;
  #samples = 0;
  #half: number | undefined;

  add(bytes: Uint8Array): void {
    this.#md5.update(bytes);
    let at = 0;
    if (this.#half !== undefined && bytes.length > 0) {
      this.#sample(this.#half | ((bytes[0] ?? 0) << 8));
      this.#half = undefined;
      at = 1;
    }
    for (; at + 1 < bytes.length; at += 2) {
      this.#sample((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8));
    }
    if (at < bytes.length) this.#half = bytes[at];
  }

  finish(): Waveform {
    if (this.#inPair > 0) this.#closePair();
    const peaks = new Uint8Array(
      new Int8Array(this.#pairs.flatMap(([min, max]) => [toByte(min), toByte(max)])).buffer,
    );
    const peak = this.#pairs.reduce((most, [min, max]) => Math.max(most, -min, max), 0);
    return {
      durationSamples: this.#samples,
      peaks,
      silences: silencesIn(this.#pairs, this.#samples),
      peak: peak / 32_768,
      md5: this.#md5.digest('hex'),
    };
  }

  #sample(unsigned: number): void {
    const value = unsigned > 32_767 ? unsigned - 65_536 : unsigned;
    if (this.#inPair === 0 || value < this.#min) this.#min = value;
    if (this.#inPair === 0 || value > this.#max) this.#max = value;
    this.#samples += 1;
    this.#inPair += 1;
    if (this.#inPair === PEAK_SAMPLES) this.#closePair();
  }

  #closePair(): void {
    this.#pairs.push([this.#min, this.#max]);
    this.#inPair = 0;
  }
}

/** Rounded outwards, so that what sounds is never drawn as nothing. */
function toByte(value: number): number {
  return value < 0 ? Math.floor(value / 256) : Math.min(127, Math.ceil(value / 256));
}

function silencesIn(pairs: readonly [number, number][], samples: number): Silence[] {
  const silences: Silence[] = [];
  let from = 0;
  for (let at = 0; at <= pairs.length; at++) {
    const pair = pairs[at];
    if (pair !== undefined && Math.max(-pair[0], pair[1]) < SILENCE_LEVEL) continue;
    if (at - from >= SHORTEST_SILENCE_PAIRS) {
      const startSamples = from * PEAK_SAMPLES;
      const end = Math.min(at * PEAK_SAMPLES, samples);
      silences.push({ startSamples, durationSamples: end - startSamples });
    }
    from = at + 1;
  }
  return silences;
}
