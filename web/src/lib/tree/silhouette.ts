// A take's waveform as a filled shape: few points, drawn from the worker's peaks.
import { OVERVIEW_POINTS } from '#domain/media/peaks.ts';
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';

/** Height of the box that `silhouettePath` draws in; it is stretched to its place. */
export const SILHOUETTE_HEIGHT = 40;

/** Loudness of a take over its length, each 0 to 63: what travels inside the page. */
export type Silhouette = readonly number[];

/**
 * Condenses the overview of a take (signed 8-bit min/max pairs at its `overviewRate`) to a handful
 * of levels, loudest = 63.
 */
export function silhouetteOf(peaks: Uint8Array, durationSamples: number): Silhouette {
  const pairs = Math.floor(peaks.length / 2);
  if (pairs === 0) return [];
  const points = Math.min(pairs, pointsFor(durationSamples / SAMPLE_RATE));
  const levels = Array.from({ length: points }, (_, point) => {
    const from = Math.floor((point * pairs) / points);
    const to = Math.max(from + 1, Math.floor(((point + 1) * pairs) / points));
    return spread(peaks, from, to);
  });
  const loudest = Math.max(8, ...levels);
  return levels.map((level) => Math.round((63 * level) / loudest));
}

function pointsFor(seconds: number): number {
  const { fewest, most, perSecond } = OVERVIEW_POINTS;
  return Math.min(most, Math.max(fewest, Math.round(seconds * perSecond)));
}

/** Mean of each pair's reach plus a share of the highest: shape without spikes. */
function spread(peaks: Uint8Array, from: number, to: number): number {
  const view = new DataView(peaks.buffer, peaks.byteOffset, peaks.byteLength);
  let sum = 0;
  let highest = 0;
  for (let pair = from; pair < to; pair += 1) {
    const reach = Math.max(-view.getInt8(pair * 2), view.getInt8(pair * 2 + 1), 0);
    sum += reach;
    highest = Math.max(highest, reach);
  }
  return 0.45 * highest + 0.55 * (sum / (to - from));
}

/** An SVG path of a silhouette in a box of `width` × 40, mirrored about the middle. */
export function silhouettePath(levels: Silhouette, width = 400): string {
  const middle = SILHOUETTE_HEIGHT / 2;
  if (levels.length < 2) return `M0 ${middle - 0.5}H${width}V${middle + 0.5}H0Z`;
  const step = width / (levels.length - 1);
  const at = (level: number) => 0.6 + (level / 63) * (middle - 1.1);
  const upper = levels.map((level, index) => {
    const edge = index === 0 || index === levels.length - 1;
    return `${Math.round(index * step)} ${(middle - (edge ? 0.5 : at(level))).toFixed(1)}`;
  });
  const lower = levels
    .map((level, index) => {
      const edge = index === 0 || index === levels.length - 1;
      // Not quite a mirror: the lower edge is softer, as if it grew.
      return `${Math.round(index * step)} ${(middle + (edge ? 0.5 : at(level) * 0.92)).toFixed(1)}`;
    })
    .toReversed();
  return `M${upper.join('L')}L${lower.join('L')}Z`;
}

/** The shape of a take without sound: words lie flat, like lines of writing. */
export function wordsSilhouette(seconds: number): Silhouette {
  return Array.from({ length: pointsFor(seconds) }, (_, index) => (index % 4 === 3 ? 4 : 12));
}

/** A letter stands for each level: how a shape travels, at one byte a level. */
const FIRST_LETTER = 48;

/** A silhouette as text; `unpack` is its inverse. */
export function pack(levels: Silhouette): string {
  return String.fromCharCode(...levels.map((level) => FIRST_LETTER + level));
}

export function unpack(text: string): Silhouette {
  return Array.from(text, (letter) => letter.charCodeAt(0) - FIRST_LETTER);
}
