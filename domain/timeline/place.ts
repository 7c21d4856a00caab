// Where somebody is on a path that they listen to: whether they have begun, and whether they are done.
import { SAMPLE_RATE } from './samples.ts';

/** Whoever is this near to either end has not begun, or is done. */
export const EDGE_SAMPLES = 5 * SAMPLE_RATE;

/** True from five seconds after the start on. */
export function hasBegun(positionSamples: number): boolean {
  return positionSamples >= EDGE_SAMPLES;
}

/** True in the last five seconds of a path of that length, and behind it. */
export function isOver(positionSamples: number, lengthSamples: number): boolean {
  return positionSamples > lengthSamples - EDGE_SAMPLES;
}
