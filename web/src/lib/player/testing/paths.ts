// Paths for tests: takes of ten seconds that overlap by five: 0–10, 5–15, 10–20 …
import { takeId, type TakeId } from '#domain/story/ids.ts';
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';
import type { PlayablePath } from '../playable.ts';

export function takeNumber(index: number): TakeId {
  return takeId(`00000000-0000-4000-8000-${String(index).padStart(12, '0')}`);
}

/**
 * The path of these takes, of which the first `mixed` are rendered and the first `ready` stored;
 * those in `silent` are hidden from the listener.
 */
export function pathOfTakes(
  takes: readonly number[],
  {
    mixed = takes.length,
    ready = takes.length,
    silent = [],
  }: { mixed?: number; ready?: number; silent?: readonly number[] } = {},
): PlayablePath {
  return {
    takes: takes.map((take, index) => ({
      id: takeNumber(take),
      startSamples: index * 5 * SAMPLE_RATE,
      durationSamples: 10 * SAMPLE_RATE,
      ready: index < ready,
      mixes: index < mixed ? 1 : 0,
      silent: silent.includes(take),
    })),
    title: 'River',
    artist: 'Mira',
  };
}
