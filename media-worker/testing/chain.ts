// Paths of takes that can be found again in a mix, and what their mix is by arithmetic.
import { takeId } from '#domain/story/ids.ts';
import { endOf, startFor } from '#domain/timeline/duet.ts';
import type { MixSource } from '#domain/timeline/mix-plan.ts';
import { babble, randomFrom } from './signals.ts';

export interface SoundingTake extends MixSource {
  readonly name: string;
  readonly pcm: Int16Array | null;
}

/** Takes by the timeline rule, of odd lengths; the one at `written` is text. */
export function chainOf(count: number, written: number): SoundingTake[] {
  const random = randomFrom(count);
  const chain: SoundingTake[] = [];
  for (let index = 0; index < count; index++) {
    const kind = index === written ? 'text' : 'voice';
    const parent = chain.at(-1) ?? null;
    const startSamples = startFor(kind, { parent, grandparent: chain.at(-2) ?? null });
    const overlap = parent === null ? 0 : endOf(parent) - startSamples;
    const durationSamples = overlap + 40_001 + 2 * Math.floor(random() * 70_000);
    const pcm = kind === 'text' ? null : babble(index + 1, durationSamples, 4_000);
    chain.push({
      id: takeId(`00000000-0000-4000-8000-${String(index).padStart(12, '0')}`),
      name: `take${index}`,
      startSamples,
      durationSamples,
      pcm,
      stem: pcm === null ? null : { sha256: `take${index}`, gainDb: index % 2 === 0 ? 0 : -3 },
    });
  }
  return chain;
}

/** What should sound: the stems at their places, by arithmetic. */
export function mixOf(chain: readonly SoundingTake[]): Float64Array {
  const mix = new Float64Array(Math.max(...chain.map(endOf)));
  for (const { pcm, startSamples, stem } of chain) {
    const gain = 10 ** ((stem?.gainDb ?? 0) / 20);
    pcm?.forEach((sample, at) => {
      mix[startSamples + at] = (mix[startSamples + at] ?? 0) + sample * gain;
    });
  }
  return mix;
}
