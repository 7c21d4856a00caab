// The queue's contract: each job's name and the schema of its payload.
import * as v from 'valibot';
import { takeIdSchema } from '../story/ids.ts';

export const jobSchemas = {
  /** Turn an upload into a lossless stem, its loudness and its peaks. */
  'take.ingest': v.object({
    takeId: takeIdSchema,
    /** When the tries of an earlier such job were spent first, milliseconds since the epoch. */
    deadSinceMs: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
  }),
  /** Render the take's own region of every path through it. */
  'take.render': v.object({ takeId: takeIdSchema }),
  /** Render a take anew that an older renderer has rendered; nobody waits for it. */
  'mix.renew': v.object({ takeId: takeIdSchema }),
  /** Bring one notification to the devices of the person it is for. */
  'alert.deliver': v.object({ notificationId: v.pipe(v.string(), v.uuid()) }),
  /** Make the file of a path that somebody wants to keep. */
  'path.export': v.object({ exportId: v.pipe(v.string(), v.uuid()) }),
  /** Delete such a file once its day is over. */
  'export.sweep': v.object({ exportId: v.pipe(v.string(), v.uuid()) }),
  /** Clear the store of what no row names. */
  'store.sweep': v.object({ scope: v.literal('orphans') }),
} as const;

export type JobName = keyof typeof jobSchemas;
export type JobPayload<N extends JobName> = v.InferOutput<(typeof jobSchemas)[N]>;

export const jobNames: readonly JobName[] = [
  'take.ingest',
  'take.render',
  'mix.renew',
  'alert.deliver',
  'store.sweep',
  'path.export',
  'export.sweep',
];

/** Where a job's failures end up once its retries are spent. */
export function deadLetterOf(name: JobName): string {
  return `${name}.dead`;
}
