// Signals that tests can find again after they were mixed and encoded.

/**
 * Noise with the spectrum and the rhythm of speech, 16-bit at 48 kHz. Two seeds give signals that
 * do not correlate, so each can be found in a sum.
 */
export function babble(seed: number, samples: number, level = 6_000): Int16Array {
  const random = randomFrom(seed);
  const pcm = new Int16Array(samples);
  const syllable = 5_000 + 4_000 * random();
  let low = 0;
  let lower = 0;
  for (let at = 0; at < samples; at++) {
    low += 0.25 * (random() * 2 - 1 - low);
    lower += 0.4 * (low - lower);
    const envelope = 0.35 + 0.65 * Math.abs(Math.sin((at * Math.PI) / syllable));
    pcm[at] = Math.round(Math.max(-32_768, Math.min(32_767, lower * 5 * level * envelope)));
  }
  return pcm;
}

/** A repeatable source of numbers from 0 to 1 (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d_2b_79_f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * By how many samples `piece` lies later in `sound` than at `expectedAt`, by cross-correlation
 * within `reach` samples, to a fraction of a sample.
 */
export function lagOf(
  piece: ArrayLike<number>,
  sound: ArrayLike<number>,
  expectedAt: number,
  reach = 1_500,
): number {
  const scores = Array.from({ length: 2 * reach + 1 }, (_, index) => {
    const from = expectedAt + index - reach;
    let score = 0;
    for (let at = 0; at < piece.length; at++) score += (piece[at] ?? 0) * (sound[from + at] ?? 0);
    return score;
  });
  let best = 0;
  for (let at = 1; at < scores.length; at++) if ((scores[at] ?? 0) > (scores[best] ?? 0)) best = at;
  const [before = 0, peak = 0, after = 0] = scores.slice(best - 1, best + 2);
  const curve = before - 2 * peak + after;
  return best - reach + (curve === 0 ? 0 : (0.5 * (before - after)) / curve);
}

/** Signal to noise between what should sound and what does, dB, over a stretch of samples. */
export function snrDb(
  wanted: ArrayLike<number>,
  got: ArrayLike<number>,
  { from, to }: { from: number; to: number },
): number {
  let signal = 0;
  let noise = 0;
  for (let at = from; at < to; at++) {
    const sample = wanted[at] ?? 0;
    signal += sample ** 2;
    noise += (sample - (got[at] ?? 0)) ** 2;
  }
  return 10 * Math.log10(signal / Math.max(noise, 1e-9));
}

/** A signal without what lies near half its rate, where no ear and no resampler reaches: 23 kHz by 70 dB. */
export function withoutTop(signal: ArrayLike<number>): Float64Array {
  const smooth = Float64Array.from(signal);
  for (let pass = 0; pass < 3; pass++) {
    for (let at = smooth.length - 1; at > 0; at--) {
      smooth[at] = ((smooth[at] ?? 0) + (smooth[at - 1] ?? 0)) / 2;
    }
  }
  return smooth;
}
