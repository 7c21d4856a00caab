// The sum of stems over a stretch of a path: what the renderer does, without its limiter.
import type { RoughTake } from '#domain/protocol/playlist.ts';
import type { Stretch } from './feed-plan.ts';

/** Edges of a stem are faded over this, as the renderer does: 5 ms. */
const FADE_SAMPLES = 240;

export interface Voice {
  readonly take: RoughTake;
  /** Its stem at 48 kHz; null if it is silent. */
  readonly samples: Float32Array | null;
}

/** The samples of the stretch, each stem at its place, at its gain, its edges faded. */
export function sumStems(voices: readonly Voice[], { from, to }: Stretch): Float32Array {
  const sum = new Float32Array(to - from);
  for (const { take, samples } of voices) {
    if (samples === null || take.stem === null) continue;
    const gain = 10 ** (take.stem.gainDb / 20);
    const length = Math.min(samples.length, take.durationSamples);
    const first = Math.max(from, take.startSamples);
    const last = Math.min(to, take.startSamples + length);
    for (let at = first; at < last; at++) {
      const inside = at - take.startSamples;
      const edge = Math.min(1, inside / FADE_SAMPLES, (length - 1 - inside) / FADE_SAMPLES);
      sum[at - from] = (sum[at - from] ?? 0) + (samples[inside] ?? 0) * gain * edge;
    }
  }
  return sum;
}
