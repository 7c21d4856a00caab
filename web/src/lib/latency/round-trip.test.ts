import { describe, expect, test } from 'vitest';
import { voice } from '../../../../tests/harness/tones.ts';
import { hearRoundTrip, type Hearing } from './round-trip.ts';
import { babble, clicks, ofRandom, room, syllables } from '../../../../tests/harness/rooms.ts';
import { samplesOf, sounding } from './sweeps.ts';

const RATE = 48_000;
const plan = sounding(RATE);
const played = samplesOf(plan);
const hear = (recording: Float32Array): Hearing => hearRoundTrip(recording, plan);
const scaled = (samples: Float32Array, by: number) => samples.map((value) => value * by);
const seeds = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

/** How many of the recordings were taken for the sweeps. */
const accepted = (recordings: Iterable<Float32Array>): number =>
  [...recordings].filter((recording) => hear(recording).heard).length;

describe('the sweeps in a room', () => {
  test('are found within a millisecond in at least 99 of 100 noisy rooms, 0 to 1000 ms late', () => {
    const found = seeds(100).filter((seed) => {
      const { number } = ofRandom(seed);
      // Over all hundred the delays are spread evenly, ends included.
      const delayFrames = Math.round(((seed - 1) / 99) * RATE);
      const recording = room(played, {
        seed,
        delayFrames,
        gain: 10 ** (-0.7 - 1.5 * number()),
        // From a quiet room to people who talk louder than the sweeps sound.
        noiseRatio: 10 ** (-1.5 + 1.65 * number()),
        inverted: number() < 0.5,
      });
      const hearing = hear(recording);
      return hearing.heard && Math.abs(hearing.roundTripFrames - delayFrames) <= RATE / 1_000;
    });
    expect(found.length).toBeGreaterThanOrEqual(99);
  }, 120_000);

  test('are found to the frame where nothing disturbs them, either way round', () => {
    for (const delayFrames of [0, 1, 350, 6_864, 47_999, 48_000]) {
      for (const gain of [0.5, -0.5, 0.001]) {
        const recording = new Float32Array(played.length);
        recording.set(scaled(played, gain).subarray(0, played.length - delayFrames), delayFrames);
        expect(hear(recording)).toEqual({ heard: true, roundTripFrames: delayFrames });
      }
    }
  });

  test('are found by a headset that hears no more than a telephone does', () => {
    const recording = room(played, {
      seed: 5,
      delayFrames: 9_600,
      noiseRatio: 0.1,
      cutOffHz: 3_000,
    });
    const hearing = hear(recording);
    expect(hearing.heard && Math.abs(hearing.roundTripFrames - 9_600)).toBeLessThanOrEqual(48);
  });
});

describe('what is not the sweeps is refused', () => {
  test('speech of one voice: 0 of 100', () => {
    expect(accepted(seeds(100).map((seed) => voice(seed, played.length)))).toBe(0);
  });

  test('babble: 0 of 100', () => {
    expect(accepted(seeds(100).map((seed) => babble(seed, played.length)))).toBe(0);
  }, 120_000);

  test('click trains: 0 of 100', () => {
    expect(accepted(seeds(100).map((seed) => clicks(seed, played.length)))).toBe(0);
  });

  test('bursts that come like syllables: 0 of 100', () => {
    expect(accepted(seeds(100).map((seed) => syllables(seed, played.length)))).toBe(0);
  });

  test('one sweep alone, the same twice, or both in the wrong order', () => {
    const [up, down] = plan.sweeps;
    const playedTwice = (first: Float32Array, second: Float32Array): Float32Array => {
      const recording = scaled(voice(3, played.length), 0.02);
      for (const [sweep, at] of [
        [first, up.atFrames],
        [second, down.atFrames],
      ] as const)
        for (const [i, value] of sweep.entries()) recording[at + 4_800 + i] = value;
      return recording;
    };
    const none = new Float32Array(0);
    expect(hear(playedTwice(up.samples, down.samples)).heard).toBe(true);
    for (const wrong of [
      playedTwice(up.samples, none),
      playedTwice(none, down.samples),
      playedTwice(up.samples, up.samples),
      playedTwice(down.samples, down.samples),
      playedTwice(down.samples, up.samples),
    ])
      expect(hear(wrong)).toEqual({ heard: false, why: 'not-heard' });
  });

  test('sweeps that are not equally late', () => {
    const [up, down] = plan.sweeps;
    const recording = new Float32Array(played.length);
    recording.set(up.samples, up.atFrames + 4_800);
    recording.set(down.samples, down.atFrames + 4_800 + 60);
    expect(hear(recording)).toEqual({ heard: false, why: 'not-heard' });
  });

  test('silence, and the noise of a converter', () => {
    const noise = ofRandom(9);
    const hiss = Float32Array.from(played, () => (noise.number() - 0.5) / 16_384);
    expect(hear(new Float32Array(played.length))).toEqual({ heard: false, why: 'silent' });
    expect(hear(hiss)).toEqual({ heard: false, why: 'silent' });
  });

  test('what is too loud, although it could be found', () => {
    const clipped = scaled(played, 8).map((value) => Math.max(-1, Math.min(1, value)));
    expect(hear(clipped)).toEqual({ heard: false, why: 'too-loud' });
  });
});
