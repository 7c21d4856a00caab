// One take as this device keeps it, beside its samples: whose it is, where it goes, how far it is.
import * as v from 'valibot';
import { publishedSchema, sha256Schema } from '#domain/protocol/commands.ts';
import { storyIdSchema, takeIdSchema, uploadIdSchema, type UserId } from '#domain/story/ids.ts';
import { takeTimingSchema } from '#domain/story/take.ts';
import { keptOriginSchema } from './take-origin.ts';

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** What is sent, and how far that is: enough to go on after anything. */
const sendingSchema = v.object({
  /** When Publish was pressed, milliseconds since the epoch: the queue's order. */
  queuedAtMs: count,
  /** Which file it is. */
  part: v.picklist(['chosen', 'sent']),
  contentType: v.string(),
  bytes: v.pipe(count, v.minValue(1)),
  /** Of the file to be sent: what is read from the device must still be it. */
  sha256: sha256Schema,
  /** The upload that was begun, to be gone on with. */
  uploadId: v.nullable(uploadIdSchema),
  /** Of what is published there; null where it is a whole new story. */
  place: v.variant('kind', [
    v.object({ kind: v.literal('plant'), title: v.string() }),
    v.object({ kind: v.literal('branch'), storyId: storyIdSchema, parentId: takeIdSchema }),
  ]),
});

/** How it was changed in review; what was captured stays whole. */
const editSchema = v.object({
  /** What is kept of it, samples at 48 kHz; null where nobody can tell how long it is. */
  trim: v.nullable(v.object({ fromSamples: count, toSamples: count })),
  /** By how much it was moved against its parent, milliseconds; positive is later. */
  nudgeMs: v.pipe(v.number(), v.safeInteger()),
});

export const keptTakeSchema = v.object({
  origin: keptOriginSchema,
  /**
   * `capturing` until Stop, and for ever if there was none; `kept` in review; `queued` from Publish
   * on; `live` once the server has it, when only this row is left, for a while.
   */
  state: v.picklist(['capturing', 'kept', 'queued', 'live']),
  /** Frames of the take, its lead left out; null as long as nobody counted them. */
  frames: v.nullable(count),
  /** What is known against its timing. */
  timing: v.optional(takeTimingSchema),
  /** Type of a file that was chosen instead of recorded; null for a recording. */
  fileType: v.nullable(v.string()),
  name: v.string(),
  title: v.string(),
  words: v.string(),
  /** Null as long as nobody reviewed it. */
  edit: v.optional(v.nullable(editSchema), null),
  sending: v.nullable(sendingSchema),
  /** Why the story did not take it; it is not sent again before the person says so. */
  problem: v.nullable(v.object({ message: v.string(), isPlaceGone: v.boolean() })),
  published: v.nullable(publishedSchema),
});
export type KeptTake = v.InferOutput<typeof keptTakeSchema>;
export type Sending = v.InferOutput<typeof sendingSchema>;

/** What a take on this device is to whoever is at the page. */
export type Meaning =
  /** Theirs, or nobody's: to be used or deleted. */
  | 'offered'
  /** Theirs, and on its way. */
  | 'queued'
  | 'live'
  /** In the making, in this tab or another one. */
  | 'busy'
  /** Somebody else's, of which they learn no more than that. */
  | 'others';

/**
 * @param person who is at the page; null for somebody without a session
 * @param isHeld true if a tab has it open
 */
export function meaningOf(
  { origin, state }: Pick<KeptTake, 'origin' | 'state'>,
  person: UserId | null,
  isHeld: boolean,
): Meaning {
  if (state === 'live') return 'live';
  const isTheirs = origin.userId === person;
  // What nobody sent off is the queue's as well: it asks whoever is here.
  if (state === 'queued' && (isTheirs || origin.userId === null)) return 'queued';
  if (isHeld) return 'busy';
  // With nobody here, a take is nobody's secret: who recorded it may have lost their session.
  return isTheirs || origin.userId === null || person === null ? 'offered' : 'others';
}
