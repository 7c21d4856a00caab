// A take: one immutable piece of a story, spoken or written, and what is known about it so far.
import * as v from 'valibot';
import { takeIdSchema, userIdSchema } from './ids.ts';
import { MAX_PATH_SAMPLES } from '../timeline/samples.ts';

export const takeKindSchema = v.picklist(['voice', 'text']);
export type TakeKind = v.InferOutput<typeof takeKindSchema>;

const samples = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MAX_PATH_SAMPLES));

/** Longest time that a take's timing may be off by, milliseconds: that of the longest take. */
const MAX_OFF_MS = 600_000;

/**
 * What is known against a take's timing, as the device that recorded it saw it; a key that is absent
 * says that nothing is. It is a fact to be shown, never a reason to refuse the take.
 */
export const takeTimingSchema = v.object({
  /** Recorded over devices whose delay wanders, as Bluetooth's does. */
  loose: v.optional(v.literal(true)),
  /** Milliseconds that the device skipped: they are silence, and what follows is in its place. */
  skippedMs: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_OFF_MS))),
  /** Milliseconds by which its clock fell behind while it recorded; negative: ran ahead. */
  driftMs: v.optional(
    v.pipe(v.number(), v.integer(), v.minValue(-MAX_OFF_MS), v.maxValue(MAX_OFF_MS)),
  ),
});
export type TakeTiming = v.InferOutput<typeof takeTimingSchema>;

/**
 * What never changes once a take is placed. `durationSamples` is null only while the worker has
 * not yet decoded an upload whose length the server could not read from its header.
 */
export const takeFactsSchema = v.object({
  id: takeIdSchema,
  parentId: v.nullable(takeIdSchema),
  authorId: userIdSchema,
  kind: takeKindSchema,
  startSamples: samples,
  durationSamples: v.nullable(samples),
  /** Milliseconds since the epoch, by the database's clock. */
  createdAtMs: v.pipe(v.number(), v.integer()),
  timing: v.optional(takeTimingSchema),
});
export type TakeFacts = v.InferOutput<typeof takeFactsSchema>;

/** Why the worker could not make a take of an upload. The words for people are in `failure.ts`. */
export const takeFailureSchema = v.picklist([
  'empty',
  'not_audio',
  'truncated',
  'too_long',
  'too_short',
  'silent_stream',
  'checksum_mismatch',
  'does_not_outlast_parent',
  'internal',
]);
export type TakeFailure = v.InferOutput<typeof takeFailureSchema>;

/** What people made of a take; a key that is absent says zero, or not. */
const standing = {
  likes: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  hidden: v.optional(v.literal(true)),
};

const mixes = v.optional(v.pipe(v.number(), v.integer(), v.minValue(2)));

/**
 * How far a take has come, and what people made of it. `mixed` says that its region is rendered,
 * so paths through it play; `mixes`, how often, if that is more than once: with all voices, and
 * without those that were hidden. Whoever plays it finds its sound changed when that number does.
 */
export const takeStateSchema = v.variant('status', [
  v.object({ status: v.literal('processing'), ...standing }),
  v.object({ status: v.literal('ready'), mixed: v.boolean(), mixes, ...standing }),
  v.object({ status: v.literal('failed'), reason: takeFailureSchema, ...standing }),
]);
export type TakeState = v.InferOutput<typeof takeStateSchema>;

export type Take = TakeFacts & { readonly state: TakeState };

/** As much of a take as says where paths lead, and who may hear them. */
export type PathTake = Omit<TakeFacts, 'kind' | 'timing'> & {
  readonly state: Pick<TakeState, 'status' | 'likes' | 'hidden'>;
};

/** A take whose place on the timeline is settled. */
export type Placed<T extends PathTake> = T & { readonly durationSamples: number };
export type PlacedTake = Placed<Take>;

/** True once the take's duration is known and it has not failed. */
export function isPlaced<T extends PathTake>(take: T): take is Placed<T> {
  return take.durationSamples !== null && take.state.status !== 'failed';
}

/** How many people like a take. */
export function likesOf({ state }: Pick<PathTake, 'state'>): number {
  return state.likes ?? 0;
}

/** How many mixes of a take's region there are: one for each set of voices; 0 before it is rendered. */
export function mixesOf({ state }: Pick<Take, 'state'>): number {
  return state.status === 'ready' && state.mixed ? (state.mixes ?? 1) : 0;
}

/** True for a take that was hidden: a tombstone to all but its author, the keepers and the owner. */
export function isHidden({ state }: Pick<PathTake, 'state'>): boolean {
  return state.hidden === true;
}

/** A voice: the name and colour under which somebody's takes are shown. */
export const voiceSchema = v.object({
  id: userIdSchema,
  name: v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(40)),
  /** Index into the eight voice hues of the interface. */
  hue: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(7)),
});
export type Voice = v.InferOutput<typeof voiceSchema>;
