// What a page and the server tell each other about where somebody listens.
import * as v from 'valibot';
import { storyIdSchema, takeIdSchema } from '../story/ids.ts';
import { voiceSchema } from '../story/take.ts';
import { MAX_PATH_SAMPLES } from '../timeline/samples.ts';

const samples = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MAX_PATH_SAMPLES));

/**
 * PUT /api/stories/<storyId>/position: where the sender is, on the path to `leafId`, since
 * `heardAtMs` by their clock. An older one changes nothing. GET answers with the newest, or null.
 */
export const positionSchema = v.strictObject({
  leafId: takeIdSchema,
  positionSamples: samples,
  heardAtMs: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
});
export type ListeningPosition = v.InferOutput<typeof positionSchema>;

/**
 * GET /api/takes/<leafId>/remainder?at=<samples>: what whoever goes on from there will hear, or
 * null if nothing is left that they may hear.
 */
export const remainderSchema = v.object({
  storyId: storyIdSchema,
  slug: v.string(),
  title: v.string(),
  /** Who spoke there last, of those who may be heard; else who speaks next. */
  voice: voiceSchema,
  remainingSamples: samples,
});
export type Remainder = v.InferOutput<typeof remainderSchema>;

/** A place to go on from, and what is left from there. */
export interface Continuation extends ListeningPosition, Remainder {}

/** GET /api/takes/<takeId>/silences: where nobody speaks in each voice of a path that is heard. */
export const silencesSchema = v.object({
  takes: v.array(
    v.object({
      id: takeIdSchema,
      /** From the take's start. */
      silences: v.array(v.object({ startSamples: samples, durationSamples: samples })),
    }),
  ),
});
export type PathSilences = v.InferOutput<typeof silencesSchema>;
