// What is known of a take before its first sample: written first, so that the samples alone can be
// understood by whoever finds them.
import * as v from 'valibot';
import { storyIdSchema, takeIdSchema, userIdSchema } from '#domain/story/ids.ts';

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** What the recorder knows of the take that it is about to capture. */
export const takeOriginSchema = v.object({
  /** Minted once: the key of everything that is kept of it, and of the command that publishes it. */
  takeId: takeIdSchema,
  /** The story that grows; null for the seed of a new one. */
  storyId: v.nullable(storyIdSchema),
  /** The take that it answers; null for a seed. */
  parentId: v.nullable(takeIdSchema),
  /** Where it starts on its path, samples at 48 kHz. */
  punchSamples: count,
  /** Of the context that captures it, Hz: the rate of what is kept. */
  sampleRate: v.pipe(v.number(), v.safeInteger(), v.minValue(3_000), v.maxValue(768_000)),
  /** Frames at the head of what is kept that lie before the take's first one. */
  leadFrames: count,
  /** By how many frames capture was moved to make up for the device's latency. */
  compensationFrames: v.pipe(v.number(), v.safeInteger()),
  /** When Record was pressed, milliseconds since the epoch. */
  capturedAtMs: v.pipe(v.number(), v.safeInteger()),
  /** Name of the microphone, as the browser gives it. */
  device: v.string(),
  /** Recorded over devices whose delay wanders, as Bluetooth's does. */
  loose: v.optional(v.literal(true)),
});
export type TakeOrigin = v.InferOutput<typeof takeOriginSchema>;

/** The same with what the page knows: whose take it is, and where it belongs. */
export const keptOriginSchema = v.object({
  ...takeOriginSchema.entries,
  /** Who recorded it; null for somebody who had no session yet. */
  userId: v.nullable(userIdSchema),
  /** Address of the story's page; null for a seed. */
  slug: v.nullable(v.string()),
  /** Whose take it answers; empty for a seed. */
  after: v.string(),
});
export type KeptOrigin = v.InferOutput<typeof keptOriginSchema>;
