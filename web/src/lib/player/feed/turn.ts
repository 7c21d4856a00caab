// Where another path, or the same one mixed anew, takes the place of what plays: pure.
import { GRID_SAMPLES } from '#domain/timeline/grid.ts';
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';
import { onGrid, type Stretch } from './feed-plan.ts';

/**
 * What the element has decoded ahead. What is laid over that is heard twice: Chromium decodes 0.2 s
 * and a few frames more, and plays on from where the new frames begin.
 */
export const DECODED_SAMPLES = 0.3 * SAMPLE_RATE;
/** There is no hurry to hear the same mixed better: so far a busy machine has not decoded either. */
export const CALM_SAMPLES = 2 * SAMPLE_RATE;

export interface Turn {
  /** Where the listener is, samples. */
  readonly position: number;
  /** Where the paths part. */
  readonly forkSamples: number;
  readonly marginSamples: number;
  /** What the turn before leaves as it is. */
  readonly keptBefore: number;
}

/**
 * Until where what is held plays on before the other path is heard: to the fork if that is further
 * than `marginSamples` ahead, else to a place on the grid so far ahead, unless less is held.
 */
export function turnOf(
  held: readonly Stretch[],
  { position, forkSamples, marginSamples, keptBefore }: Turn,
): number {
  if (forkSamples >= position + marginSamples) return Math.min(keptBefore, forkSamples);
  const around = held.find(({ from, to }) => from <= position && to > position);
  const last = around === undefined ? 0 : Math.floor(around.to / GRID_SAMPLES) * GRID_SAMPLES;
  return Math.min(onGrid(position + marginSamples), last);
}
