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

/**
 * Until where what is held plays on before the other path is heard: a place on the grid, at least
 * `marginSamples` ahead unless less is held.
 */
export function turnOf(held: readonly Stretch[], positionSamples: number, marginSamples: number) {
  const around = held.find(({ from, to }) => from <= positionSamples && to > positionSamples);
  const last = around === undefined ? 0 : Math.floor(around.to / GRID_SAMPLES) * GRID_SAMPLES;
  return Math.min(onGrid(positionSamples + marginSamples), last);
}
