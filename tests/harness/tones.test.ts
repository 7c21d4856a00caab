import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';
import { locate, samplesOfS16, voice, wavFile } from './tones.ts';

const seconds = (count: number) => Math.round(count * SAMPLE_RATE);

/** A voice that begins at `at` among others, as in a mix. */
function mix(length: number, parts: readonly [Float32Array, number, number][]): Float32Array {
  const mixed = new Float32Array(length);
  for (const [samples, at, gain] of parts) {
    for (const [index, sample] of samples.entries()) {
      const place = at + index;
      if (place >= 0 && place < length) mixed[place] = (mixed[place] ?? 0) + gain * sample;
    }
  }
  return mixed;
}

/** The definition, in quadratic time. */
function locateSlowly(needle: Float32Array, haystack: Float32Array): number {
  let best = { lag: 0, value: -1 };
  for (let lag = 1 - needle.length; lag < haystack.length; lag += 1) {
    const sum = needle.reduce((total, sample, i) => total + sample * (haystack[i + lag] ?? 0), 0);
    if (Math.abs(sum) > best.value) best = { lag, value: Math.abs(sum) };
  }
  return best.lag;
}

const signal = (minLength: number, maxLength: number) =>
  fc
    .array(fc.integer({ min: -9, max: 9 }), { minLength, maxLength })
    .map((values) => Float32Array.from(values));

describe('voice', () => {
  it('is the same for the same seed, fills its length and does not clip', () => {
    const mira = voice(1, seconds(3));
    expect(mira).toEqual(voice(1, seconds(3)));
    expect(mira).not.toEqual(voice(2, seconds(3)));
    expect(mira.length).toBe(seconds(3));
    const peak = mira.reduce((max, sample) => Math.max(max, Math.abs(sample)), 0);
    expect(peak).toBeGreaterThan(0.25);
    expect(peak).toBeLessThan(1);
  });
});

describe('wavFile', () => {
  it('is a 48 kHz mono file whose samples come back to 16 bits', () => {
    const samples = voice(3, 1_000);
    const file = wavFile(samples);
    expect(Buffer.from(file.subarray(0, 16)).toString('latin1')).toMatch(/^RIFF.{4}WAVEfmt /su);
    expect(new DataView(file.buffer).getUint32(24, true)).toBe(SAMPLE_RATE);
    const read = samplesOfS16(file.subarray(44));
    expect(read.length).toBe(1_000);
    for (const [index, sample] of read.entries()) {
      expect(sample).toBeCloseTo(samples[index] ?? 0, 3);
    }
  });
});

describe('locate', () => {
  it('finds each voice of a mix at its sample', () => {
    const mira = voice(1, seconds(4));
    const jo = voice(2, seconds(5));
    const mixed = mix(seconds(8), [
      [mira, 0, 0.7],
      [jo, seconds(2) + 123, 0.4],
    ]);
    expect(locate(mira, mixed).lagSamples).toBe(0);
    expect(locate(mira, mixed).peakRatio).toBeGreaterThan(3);
    expect(locate(jo, mixed).lagSamples).toBe(seconds(2) + 123);
    expect(locate(jo, mixed).peakRatio).toBeGreaterThan(3);
  });

  it('finds a voice of which only the end, or the start, is heard', () => {
    const mira = voice(5, seconds(3));
    expect(locate(mira, mira.subarray(seconds(1))).lagSamples).toBe(-seconds(1));
    expect(locate(mira, mix(seconds(4), [[mira, seconds(2), 1]])).lagSamples).toBe(seconds(2));
  });

  it('shows by its ratio that a voice is not there', () => {
    for (let seed = 10; seed < 16; seed += 1) {
      const { peakRatio } = locate(voice(seed, seconds(3)), voice(seed + 100, seconds(6)));
      expect(peakRatio).toBeLessThan(2);
    }
  });

  it('agrees with the definition', () => {
    fc.assert(
      fc.property(signal(3, 8), fc.nat(20), signal(30, 40), (needle, at, noise) => {
        fc.pre(needle.some((value) => value !== 0));
        const haystack = mix(noise.length, [
          [noise, 0, 0.01],
          [needle, at, 100],
        ]);
        const { lagSamples } = locate(needle, haystack);
        const slowly = locateSlowly(needle, haystack);
        const strength = (lag: number) =>
          Math.abs(needle.reduce((sum, v, i) => sum + v * (haystack[i + lag] ?? 0), 0));
        // Equal peaks, as of a needle of one sample and its echo, may be told apart by rounding.
        expect(strength(lagSamples)).toBeCloseTo(strength(slowly), 3);
      }),
    );
  });

  it('refuses silence of no length', () => {
    expect(() => locate(new Float32Array(0), new Float32Array(1))).toThrow(RangeError);
  });
});
