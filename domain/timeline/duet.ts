// The timeline rule: where a take starts, and when it is long enough to leave a tail.
import { MAX_PATH_SAMPLES, SAMPLE_RATE } from './samples.ts';
import type { TakeKind } from '../story/take.ts';

/** A stretch of a path's timeline, in samples. */
export interface Span {
  readonly startSamples: number;
  readonly durationSamples: number;
}

/** The sample after the last one of a span. */
export function endOf(span: Span): number {
  return span.startSamples + span.durationSamples;
}

/** The two takes before a new one on its path; both null for a seed. */
export interface Ancestry {
  readonly parent: Span | null;
  readonly grandparent: Span | null;
}

/**
 * Where a new take starts, in samples.
 *
 * A voice is recorded *over* its parent's tail: it starts where its grandparent ends, and the
 * first two voices of a path start at 0 (`start₀ = start₁ = 0; startₖ = startₖ₋₂ + durₖ₋₂`).
 * Words are read *after* their parent: they start where it ends.
 */
export function startFor(kind: TakeKind, { parent, grandparent }: Ancestry): number {
  if (parent === null) return 0;
  if (kind === 'text') return endOf(parent);
  return grandparent === null ? 0 : endOf(grandparent);
}

/** The part of a take that its children are recorded over: from its parent's end to its own. */
export function tailOf(take: Span, parent: Span | null): Span {
  const startSamples = parent === null ? take.startSamples : endOf(parent);
  return { startSamples, durationSamples: endOf(take) - startSamples };
}

export type Fit =
  | { readonly fits: true }
  /** The take would have to be this much longer to outlast its parent. */
  | { readonly fits: false; readonly why: 'too_short'; readonly missingSamples: number }
  | { readonly fits: false; readonly why: 'path_too_long' };

/** The extension rule: a take must end after its parent does, so that it leaves a tail. */
export function fit(take: Span, parent: Span | null): Fit {
  if (endOf(take) > MAX_PATH_SAMPLES) return { fits: false, why: 'path_too_long' };
  const parentEnd = parent === null ? take.startSamples : endOf(parent);
  const missingSamples = parentEnd + 1 - endOf(take);
  return missingSamples > 0 ? { fits: false, why: 'too_short', missingSamples } : { fits: true };
}

/** Words per minute at which a written take is read: a calm reading voice. */
const READING_WORDS_PER_MINUTE = 160;
const SHORTEST_READING_SAMPLES = 2 * SAMPLE_RATE;

/** How long a written take stands on the timeline, in samples. Never less than two seconds. */
export function readingTime(text: string): number {
  const words = text.trim().split(/\s+/u).filter(Boolean).length;
  const samples = Math.round((words * 60 * SAMPLE_RATE) / READING_WORDS_PER_MINUTE);
  return Math.max(SHORTEST_READING_SAMPLES, samples);
}
