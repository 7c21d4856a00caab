// Random takes, and stories that hold them, for property tests.
import * as fc from 'fast-check';
import { storyMetaSchema, type TreeChange } from '#domain/story/document.ts';
import { userId } from '#domain/story/ids.ts';
import {
  takeFailureSchema,
  type Take,
  type TakeState,
  type TakeTiming,
  type Voice,
} from '#domain/story/take.ts';
import { MAX_PATH_SAMPLES } from '#domain/timeline/samples.ts';
import { nthTakeId } from './paths.ts';

const progressArbitrary: fc.Arbitrary<TakeState> = fc.oneof(
  fc.constant<TakeState>({ status: 'processing' }),
  fc.boolean().map((mixed): TakeState => ({ status: 'ready', mixed })),
  fc.constant<TakeState>({ status: 'ready', mixed: true, mixes: 2 }),
  fc
    .constantFrom(...takeFailureSchema.options)
    .map((reason): TakeState => ({ status: 'failed', reason })),
);

export const stateArbitrary: fc.Arbitrary<TakeState> = fc
  .tuple(progressArbitrary, fc.nat({ max: 3 }), fc.integer({ min: 0, max: 4 }))
  .map(([state, likes, die]) => ({
    ...state,
    ...(likes > 0 && { likes }),
    ...(die === 0 && { hidden: true as const }),
  }));

/** Yjs stores no objects without a prototype. */
const plain = { noNullPrototype: true } as const;

const author = fc.uuid().map(userId);

/** What a device did to a take's timing; never an empty object, which nobody sends. */
const timing: fc.Arbitrary<TakeTiming> = fc.oneof(
  fc.constant<TakeTiming>({ loose: true }),
  fc.integer({ min: 1, max: 600_000 }).map((skippedMs): TakeTiming => ({ skippedMs })),
  fc.integer({ min: -9, max: 9 }).map((driftMs): TakeTiming => ({ loose: true, driftMs })),
);

/** A take of an id and a parent; times are few, so that ties are frequent. */
export function takeArbitrary(index: number, parent: number | null): fc.Arbitrary<Take> {
  const facts = fc.record(
    {
      id: fc.constant(nthTakeId(index)),
      parentId: fc.constant(parent === null ? null : nthTakeId(parent)),
      authorId: author,
      kind: fc.constantFrom('voice' as const, 'text' as const),
      startSamples: fc.nat({ max: 20 }),
      durationSamples: fc.option(fc.nat({ max: 20 })),
      createdAtMs: fc.nat({ max: 5 }),
      state: stateArbitrary,
    },
    plain,
  );
  return fc
    .tuple(facts, fc.option(timing, { freq: 2 }))
    .map(([take, timing]) => ({ ...take, ...(timing !== null && { timing }) }));
}

/** Takes in any order whose parents may be missing, later, themselves, or each other. */
export const takesArbitrary: fc.Arbitrary<Take[]> = fc
  .array(fc.option(fc.nat({ max: 16 }), { freq: 5 }), { maxLength: 14 })
  .chain((parents) =>
    fc.tuple(...parents.map((parent, index) => takeArbitrary(index, index === 0 ? null : parent))),
  )
  .chain((takes) => fc.shuffledSubarray(takes, { minLength: takes.length }));

const voice: fc.Arbitrary<Voice> = fc.record(
  {
    id: author,
    name: fc.constantFrom('Mia', 'José', '🌧', 'A name of forty characters, not one more'),
    hue: fc.nat({ max: 7 }),
  },
  plain,
);

export const changeArbitrary: fc.Arbitrary<TreeChange> = fc.record(
  {
    meta: fc.record(
      {
        title: fc.string(),
        slug: fc.string(),
        revision: fc.nat({ max: MAX_PATH_SAMPLES }),
      } satisfies Record<keyof typeof storyMetaSchema.entries, unknown>,
      plain,
    ),
    takes: takesArbitrary.map((takes) => takes.map(({ state, ...facts }) => ({ facts, state }))),
    voices: fc.uniqueArray(voice, { maxLength: 4, selector: ({ id }) => id }),
  },
  plain,
);
