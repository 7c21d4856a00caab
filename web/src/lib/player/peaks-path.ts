// A waveform from the worker's peaks: signed 8-bit min/max pairs, 100 a second.
import { RunningPeaks } from './running-peaks.ts';

/** Narrowest column, in the units of the drawing: finer ones could not be told apart. */
const COLUMN = 2;
/** Silence is drawn this thick, as a share of the height, so that a take is never invisible. */
const THINNEST = 0.04;
/** A take whose loudest peak lies below this, of 127, is drawn as quiet as it is. */
const QUIETEST = 24;

/**
 * SVG path data of a filled silhouette that fills `width` × `height`: the highest and lowest peak
 * of each column, times `gain`, left to right along the top and back along the bottom. Empty for
 * no peaks.
 */
export function peaksPath(
  peaks: Uint8Array | Int8Array,
  width: number,
  height: number,
  gain = 1,
): string {
  const signed = new Int8Array(peaks.buffer, peaks.byteOffset, peaks.byteLength);
  const pairs = Math.floor(signed.length / 2);
  const columns = Math.min(pairs, Math.max(1, Math.floor(width / COLUMN)));
  if (pairs === 0 || width <= 0 || height <= 0) return '';
  const middle = height / 2;
  const thinnest = (height * THINNEST) / 2;
  const top: string[] = [];
  const bottom: string[] = [];
  for (let column = 0; column < columns; column++) {
    const from = Math.floor((column * pairs) / columns);
    const to = Math.max(from + 1, Math.floor(((column + 1) * pairs) / columns));
    const [low, high] = reach(signed, from, to);
    const x = round(((column + 0.5) * width) / columns);
    top.push(
      `${x} ${round(middle - Math.max(thinnest, Math.min(1, (gain * high) / 128) * middle))}`,
    );
    bottom.push(
      `${x} ${round(middle + Math.max(thinnest, Math.min(1, (-gain * low) / 128) * middle))}`,
    );
  }
  const ends = [`0 ${round(middle)}`, `${round(width)} ${round(middle)}`];
  return `M${[ends[0], ...top, ends[1], ...bottom.toReversed()].join('L')}Z`;
}

/** Lowest and highest value of the pairs `from` up to `to`. */
function reach(peaks: Int8Array, from: number, to: number): [number, number] {
  let low = 0;
  let high = 0;
  for (let pair = from; pair < to; pair++) {
    low = Math.min(low, peaks[2 * pair] ?? 0);
    high = Math.max(high, peaks[2 * pair + 1] ?? 0);
  }
  return [low, high];
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Peaks of samples as the worker takes them, for takes that it has not seen yet. */
export function peaksOf(
  chunks: readonly Float32Array[],
  samplesPerPair = 480,
): Int8Array<ArrayBuffer> {
  const running = new RunningPeaks(samplesPerPair);
  for (const chunk of chunks) running.push(chunk);
  return running.pairs;
}

/** What to scale peaks by so that the loudest fills the height; quiet rooms are not blown up. */
export function gainFor(peaks: Uint8Array | Int8Array): number {
  const signed = new Int8Array(peaks.buffer, peaks.byteOffset, peaks.byteLength);
  const loudest = signed.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return 127 / Math.max(QUIETEST, loudest);
}
