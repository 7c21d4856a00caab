// Random paths that keep the timeline rules, for property tests.
import * as fc from 'fast-check';
import { takeId, type TakeId } from '#domain/story/ids.ts';
import type { TakeKind } from '#domain/story/take.ts';
import { endOf, startFor, type Span } from '#domain/timeline/duet.ts';
import { SEGMENT_SAMPLES } from '#domain/timeline/grid.ts';

export interface PathTake extends Span {
  readonly id: TakeId;
  readonly kind: TakeKind;
}

export interface Step {
  readonly kind: TakeKind;
  /** How far the take reaches past its parent's end, samples. */
  readonly tailSamples: number;
}

/** The id of the n-th take: distinct, and the same in each run. */
export function nthTakeId(index: number): TakeId {
  return takeId(`00000000-0000-4000-8000-${index.toString(16).padStart(12, '0')}`);
}

/** Places steps one after the other by the timeline rule. */
export function placePath(steps: readonly Step[]): PathTake[] {
  const path: PathTake[] = [];
  for (const [index, { kind, tailSamples }] of steps.entries()) {
    const parent = path.at(-1) ?? null;
    const startSamples = startFor(kind, { parent, grandparent: path.at(-2) ?? null });
    const parentEnd = parent === null ? 0 : endOf(parent);
    const durationSamples = parentEnd + tailSamples - startSamples;
    path.push({ id: nthTakeId(index), kind, startSamples, durationSamples });
  }
  return path;
}

/** Tails from one sample to about two segments, often right on the grid. */
export const tailArbitrary: fc.Arbitrary<number> = fc.oneof(
  fc.integer({ min: 1, max: 2 * SEGMENT_SAMPLES }),
  fc.constantFrom(1, SEGMENT_SAMPLES - 1, SEGMENT_SAMPLES, SEGMENT_SAMPLES + 1),
);

export const stepArbitrary: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom<TakeKind>('voice', 'voice', 'text'),
  tailSamples: tailArbitrary,
});

/** Paths of one to twelve takes, spoken and written. */
export const pathArbitrary: fc.Arbitrary<PathTake[]> = fc
  .array(stepArbitrary, { minLength: 1, maxLength: 12 })
  .map(placePath);

/** Paths of voices alone. */
export const voicePathArbitrary: fc.Arbitrary<PathTake[]> = fc
  .array(tailArbitrary, { minLength: 1, maxLength: 12 })
  .map((tails) => placePath(tails.map((tailSamples) => ({ kind: 'voice', tailSamples }))));
