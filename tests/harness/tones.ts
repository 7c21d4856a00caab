// Voices for tests: sounds that resemble nothing but themselves, and how to find them in a mix.
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';

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
function randomFrom(seed: number): () => number {
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

/** Sum over i of needle[i]·haystack[i + lag], at index lag modulo size. */
function correlate(needle: Float32Array, haystack: Float32Array, size: number): Float64Array {
  // One transform carries both real signals: the needle as its real part, the haystack as its
  // imaginary part; their spectra are told apart by symmetry.
  const real = new Float64Array(size);
  const imaginary = new Float64Array(size);
  real.set(needle);
  imaginary.set(haystack);
  transform(real, imaginary);
  const productReal = new Float64Array(size);
  const productImaginary = new Float64Array(size);
  for (let k = 0; k < size; k += 1) {
    const mirror = (size - k) % size;
    const [a, b] = [real[k] ?? 0, imaginary[k] ?? 0];
    const [c, d] = [real[mirror] ?? 0, imaginary[mirror] ?? 0];
    const [needleReal, needleImaginary] = [(a + c) / 2, (b - d) / 2];
    const [hayReal, hayImaginary] = [(b + d) / 2, (c - a) / 2];
    productReal[k] = needleReal * hayReal + needleImaginary * hayImaginary;
    // Conjugated, so that a second forward transform is the inverse one but for its scale.
    productImaginary[k] = needleImaginary * hayReal - needleReal * hayImaginary;
  }
  transform(productReal, productImaginary);
  return productReal.map((value) => value / size);
}

/** The discrete Fourier transform in place, radix 2; the length must be a power of two. */
function transform(real: Float64Array, imaginary: Float64Array): void {
  reorder(real, imaginary);
  for (let span = 2; span <= real.length; span *= 2) {
    for (let k = 0; k < span / 2; k += 1) {
      turnPairs(real, imaginary, { span, k });
    }
  }
}

function turnPairs(
  real: Float64Array,
  imaginary: Float64Array,
  { span, k }: { readonly span: number; readonly k: number },
): void {
  const cosine = Math.cos((-2 * Math.PI * k) / span);
  const sine = Math.sin((-2 * Math.PI * k) / span);
  for (let low = k; low < real.length; low += span) {
    const high = low + span / 2;
    const [highReal, highImaginary] = [real[high] ?? 0, imaginary[high] ?? 0];
    const turnedReal = highReal * cosine - highImaginary * sine;
    const turnedImaginary = highReal * sine + highImaginary * cosine;
    const [lowReal, lowImaginary] = [real[low] ?? 0, imaginary[low] ?? 0];
    real[low] = lowReal + turnedReal;
    imaginary[low] = lowImaginary + turnedImaginary;
    real[high] = lowReal - turnedReal;
    imaginary[high] = lowImaginary - turnedImaginary;
  }
}

/** Swaps each element with the one whose index has the same bits in the other order. */
function reorder(real: Float64Array, imaginary: Float64Array): void {
  for (let i = 1, j = 0; i < real.length; i += 1) {
    let bit = real.length / 2;
    for (; (j & bit) !== 0; bit /= 2) j ^= bit;
    j ^= bit;
    if (i >= j) continue;
    for (const part of [real, imaginary]) {
      const swapped = part[i] ?? 0;
      part[i] = part[j] ?? 0;
      part[j] = swapped;
    }
  }
}
