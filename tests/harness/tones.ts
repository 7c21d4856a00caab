// Voices for tests: sounds that resemble nothing but themselves, and how to find them in a mix.
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';
import { correlate } from '#lib/latency/fourier.ts';

/**
 * Mono samples of a made-up voice, -1 to 1, always the same for the same seed: syllables of 80 to
 * 320 ms, each a gliding tone or a burst of noise under its own swell, with short rests between.
 * Nothing repeats, so it correlates with itself at one place only, and hardly with other seeds.
 * @param durationSamples length at 48 kHz
 */
export function voice(seed: number, durationSamples: number): Float32Array {
  const random = randomFrom(seed);
  const samples = new Float32Array(durationSamples);
  for (let at = 0; at < durationSamples;) {
    const length = Math.round((0.08 + 0.24 * random()) * SAMPLE_RATE);
    const syllable = random() < 0.7 ? glide(length, random) : burst(length, random);
    samples.set(syllable.subarray(0, durationSamples - at), at);
    at += length + Math.round(0.06 * random() * SAMPLE_RATE);
  }
  return samples;
}

/** A tone of three partials that slides from one pitch of a voice to another. */
function glide(length: number, random: () => number): Float32Array {
  const [from, to, peak] = [110 + 330 * random(), 110 + 330 * random(), 0.25 + 0.35 * random()];
  let phase = 2 * Math.PI * random();
  return Float32Array.from({ length }, (_, i) => {
    phase += (2 * Math.PI * (from + (to - from) * (i / length))) / SAMPLE_RATE;
    const tone = Math.sin(phase) + Math.sin(2 * phase) / 2 + Math.sin(5 * phase) / 4;
    return (peak / 1.75) * swell(i / length) * tone;
  });
}

function burst(length: number, random: () => number): Float32Array {
  const peak = 0.15 + 0.2 * random();
  return Float32Array.from({ length }, (_, i) => peak * swell(i / length) * (2 * random() - 1));
}

function swell(share: number): number {
  return Math.sin(Math.PI * share) ** 2;
}

/** Mulberry32: small, and the same everywhere. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A WAV file, 48 kHz, 16 bit, mono: what a browser's fake microphone plays and a person uploads. */
export function wavFile(samples: Float32Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(44 + samples.length * 2);
  const view = new DataView(bytes.buffer);
  const text = (at: number, value: string) => bytes.set(new TextEncoder().encode(value), at);
  text(0, 'RIFF');
  view.setUint32(4, bytes.length - 8, true);
  text(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, SAMPLE_RATE, true);
  view.setUint32(28, SAMPLE_RATE * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, 'data');
  view.setUint32(40, samples.length * 2, true);
  for (const [index, sample] of samples.entries()) {
    const clipped = Math.max(-1, Math.min(1, sample));
    view.setInt16(44 + index * 2, Math.round(clipped * 32_767), true);
  }
  return bytes;
}

/** Samples of the mono 16-bit PCM in a little-endian buffer, as `ffmpeg -f s16le -ac 1` writes it. */
export function samplesOfS16(pcm: Uint8Array): Float32Array {
  const view = new DataView(pcm.buffer, pcm.byteOffset, pcm.byteLength);
  const length = Math.floor(pcm.byteLength / 2);
  return Float32Array.from({ length }, (_, index) => view.getInt16(index * 2, true) / 32_768);
}

export interface Location {
  /** Where the needle's first sample lies in the haystack; negative if it began before it. */
  readonly lagSamples: number;
  /**
   * How far the best place stands out: its correlation over the best one further than 5 ms away.
   * About 1 means that the needle is not there; a stem in a mix of two voices gives 3 and more.
   */
  readonly peakRatio: number;
}

/** Places nearer than this to the best one belong to the same peak: 5 ms. */
const PEAK_SAMPLES = SAMPLE_RATE / 200;

/**
 * Finds `needle` in `haystack` by cross-correlation (one FFT each), to the sample. The correlation
 * is of either sign, so a mix that turns the phase is found as well.
 */
export function locate(needle: Float32Array, haystack: Float32Array): Location {
  if (needle.length === 0 || haystack.length === 0) {
    throw new RangeError(`locate: ${needle.length} samples in ${haystack.length}`);
  }
  const size = 2 ** Math.ceil(Math.log2(needle.length + haystack.length));
  const correlation = correlate(needle, haystack, size);
  const at = (lag: number) => Math.abs(correlation[(lag + size) % size] ?? 0);
  let best = 1 - needle.length;
  for (let lag = best; lag < haystack.length; lag += 1) if (at(lag) > at(best)) best = lag;
  let second = 0;
  for (let lag = 1 - needle.length; lag < haystack.length; lag += 1) {
    if (Math.abs(lag - best) > PEAK_SAMPLES) second = Math.max(second, at(lag));
  }
  return { lagSamples: best, peakRatio: second === 0 ? Infinity : at(best) / second };
}
