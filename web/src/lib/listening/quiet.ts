// Where nobody speaks on a path, from the worker's measurements of each voice.
import type { PathSilences } from '#domain/protocol/listening.ts';
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';
import type { PlayablePath } from '../player/playable.ts';

/** A stretch of a path's timeline, in samples. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** What is left of a silence on either side when it is skipped: words keep their breath. */
const BREATH_SAMPLES = SAMPLE_RATE / 4;
/** Less than this is not worth a jump. */
const SHORTEST_SAMPLES = SAMPLE_RATE;

/**
 * The stretches of a path in which no voice sounds and which are long enough to be skipped, in
 * order, without the breath at both ends. A take that `silences` does not name is silent; one that
 * is not stored yet may speak anywhere.
 */
export function quietStretches(path: PlayablePath, { takes }: PathSilences): Stretch[] {
  const silencesOf = new Map(takes.map(({ id, silences }) => [id, silences]));
  const sounding = path.takes.flatMap(({ id, startSamples, durationSamples, ready }) => {
    const silences = ready ? silencesOf.get(id) : [];
    if (silences === undefined) return [];
    if (durationSamples === null) return [{ from: startSamples, to: Infinity }];
    const own = silences.map((silence) => ({
      from: startSamples + silence.startSamples,
      to: startSamples + silence.startSamples + silence.durationSamples,
    }));
    return between({ from: startSamples, to: startSamples + durationSamples }, own);
  });
  const whole = { from: 0, to: endOf(path) };
  return between(whole, joined(sounding))
    .map(({ from, to }) => ({ from: from + BREATH_SAMPLES, to: to - BREATH_SAMPLES }))
    .filter(({ from, to }) => to - from >= SHORTEST_SAMPLES);
}

/** Where to go on for whoever is in the middle of a stretch; null outside of all. */
export function afterQuiet(stretches: readonly Stretch[], position: number): number | null {
  return stretches.find(({ from, to }) => position >= from && position < to)?.to ?? null;
}

function endOf({ takes }: PlayablePath): number {
  return Math.max(
    0,
    ...takes.map(({ startSamples, durationSamples }) => startSamples + (durationSamples ?? 0)),
  );
}

/** Stretches in order, overlapping ones as one. */
function joined(stretches: readonly Stretch[]): Stretch[] {
  const all: Stretch[] = [];
  for (const next of stretches.toSorted((a, b) => a.from - b.from)) {
    const last = all.at(-1);
    if (last === undefined || next.from > last.to) all.push(next);
    else all[all.length - 1] = { from: last.from, to: Math.max(last.to, next.to) };
  }
  return all;
}

/** What of a stretch lies in none of the others, which are in order and apart. */
function between(whole: Stretch, others: readonly Stretch[]): Stretch[] {
  const edges = [whole.from, ...others.flatMap(({ from, to }) => [from, to]), whole.to];
  return edges.flatMap((from, index) => {
    const to = edges[index + 1];
    return index % 2 === 0 && to !== undefined && to > from ? [{ from, to }] : [];
  });
}
