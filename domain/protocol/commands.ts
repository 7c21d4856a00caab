// The commands people give over HTTP: the body of each request and of its answer. A command that
// names what is not its own to say (a start, a length, an author) is refused, not half obeyed.
import * as v from 'valibot';
import { memberRoleSchema, opennessSchema } from '../access/policy.ts';
import { storyIdSchema, takeIdSchema, uploadIdSchema, userIdSchema } from '../story/ids.ts';
import { takeTimingSchema, voiceSchema } from '../story/take.ts';
import { textSchema } from '../story/text.ts';

/** Largest upload of one take, bytes: ten minutes of 48 kHz 16-bit mono WAV, with room to spare. */
export const MAX_UPLOAD_BYTES = 64 * 1024 * 1024;
/** Longest take, seconds. */
export const MAX_TAKE_SECONDS = 600;
/** Size of each part of a multipart upload but the last, bytes (S3's least is 5 MiB). */
export const UPLOAD_PART_BYTES = 5 * 1024 * 1024;
export const MAX_WORDS_LENGTH = 5_000;

export const wordsSchema = v.pipe(textSchema, v.trim(), v.maxLength(MAX_WORDS_LENGTH));
export const nameSchema = v.pipe(textSchema, v.trim(), v.minLength(1), v.maxLength(40));
export const titleSchema = v.pipe(textSchema, v.trim(), v.minLength(1), v.maxLength(120));
/** What a file without a media type, or with one that is none, is given back as. */
const UNKNOWN_TYPE = 'application/octet-stream';
/** `audio/wav`, `audio/webm;codecs=opus`, `audio/mp4; codecs="mp4a.40.2"`: what a header may hold. */
const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+( *; *[\w-]+=([\w.+-]+|"[\w ,.+-]*"))*$/u;
/** Nobody's file is refused for its type, which is never believed anyway. */
const contentTypeSchema = v.pipe(
  textSchema,
  v.maxLength(100),
  v.transform((type) => (MEDIA_TYPE.test(type) ? type : UNKNOWN_TYPE)),
);
export const sha256Schema = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/u));

/** POST /api/uploads: announce a file. */
export const announceUploadSchema = v.strictObject({
  bytes: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_UPLOAD_BYTES)),
  contentType: contentTypeSchema,
  /** Hash of the whole file, lower-case hex. */
  sha256: sha256Schema,
});
/** Its answer, and that of GET /api/uploads/<id>: where each part that is still missing goes. */
export const uploadTicketSchema = v.object({
  uploadId: uploadIdSchema,
  partBytes: v.pipe(v.number(), v.integer(), v.minValue(1)),
  state: v.picklist(['open', 'complete']),
  missing: v.array(
    v.object({ number: v.pipe(v.number(), v.integer(), v.minValue(1)), url: v.string() }),
  ),
});
export type UploadTicket = v.InferOutput<typeof uploadTicketSchema>;

/** What a new take is made of: an upload that is complete, or words. */
export const takeBodySchema = v.variant('kind', [
  v.strictObject({
    kind: v.literal('voice'),
    uploadId: uploadIdSchema,
    /** What is said, if the author has it at hand; it can be written together later. */
    words: v.optional(wordsSchema, ''),
    /** What the recorder knows against its timing; left out of a file that was chosen. */
    timing: v.optional(v.strictObject(takeTimingSchema.entries)),
  }),
  v.strictObject({ kind: v.literal('text'), words: v.pipe(wordsSchema, v.minLength(1)) }),
]);
export type TakeBody = v.InferOutput<typeof takeBodySchema>;

/**
 * Whom the sender takes itself for: a page that does not know yet that its session is somebody
 * else's now is refused, and publishes nothing under another's name.
 */
const senderSchema = v.optional(userIdSchema);

/**
 * POST /api/stories: plant a story. `takeId` is minted by the client and is the idempotency key:
 * the same command sent again answers as the first did; with other words it is refused as
 * `published_otherwise`.
 */
export const plantSchema = v.strictObject({
  takeId: takeIdSchema,
  title: titleSchema,
  as: senderSchema,
  name: v.optional(nameSchema),
  body: takeBodySchema,
});
export type PlantCommand = v.InferOutput<typeof plantSchema>;

/** POST /api/stories/<storyId>/takes: branch. `takeId` is the idempotency key, as above. */
export const branchSchema = v.strictObject({
  takeId: takeIdSchema,
  parentId: takeIdSchema,
  as: senderSchema,
  name: v.optional(nameSchema),
  body: takeBodySchema,
});
export type BranchCommand = v.InferOutput<typeof branchSchema>;

/** The answer to both. */
export const publishedSchema = v.object({
  storyId: storyIdSchema,
  slug: v.string(),
  takeId: takeIdSchema,
  /** How many more takes this person may publish within this hour; there if they are few. */
  takesLeft: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
});
export type Published = v.InferOutput<typeof publishedSchema>;

/** PATCH /api/stories/<storyId>: another title, or who may branch. */
export const changeStorySchema = v.union([
  v.strictObject({ title: titleSchema }),
  v.strictObject({ openness: opennessSchema }),
]);
export type StoryChange = v.InferOutput<typeof changeStorySchema>;

/** PUT /api/stories/<storyId>/members/<userId>: what somebody is from now on. */
export const giveRoleSchema = v.strictObject({ role: memberRoleSchema });

/** What a version of words is called: a number of the log. */
export const versionSeqSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(1));

/** GET /api/takes/<takeId>/words/versions: who changed which words when, newest first. */
export const wordsHistorySchema = v.object({
  versions: v.array(
    v.object({
      seq: versionSeqSchema,
      kind: v.picklist(['published', 'edit', 'restored', 'forgot']),
      by: v.nullable(voiceSchema),
      endedAtMs: v.number(),
      /** When the words ended that it brought back. */
      restoresMs: v.nullable(v.number()),
      /** What it left of the text, added to it and took from it; null if it was forgotten. */
      marks: v.nullable(v.array(v.tuple([v.picklist(['=', '+', '-']), v.string()]))),
    }),
  ),
  /** Ask for what came before these with `?before=<seq>`; null if nothing did. */
  before: v.nullable(v.number()),
});
export type WordsHistory = v.InferOutput<typeof wordsHistorySchema>;

/**
 * POST /api/takes/<takeId>/words/restore: bring back the words of a version as they were when it
 * ended. `key` is the idempotency key.
 */
export const restoreWordsSchema = v.strictObject({
  key: v.pipe(v.string(), v.uuid()),
  seq: versionSeqSchema,
  endedAtMs: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
});
export type RestoreWords = v.InferOutput<typeof restoreWordsSchema>;

/** POST /api/session: become a guest. PATCH /api/session: take another name. */
export const sessionSchema = v.strictObject({ name: v.optional(nameSchema) });
/** The answer to POST: who is here, and whether this call made a guest of nobody. */
export const enteredSchema = v.object({ user: voiceSchema, isNew: v.boolean() });
export type Entered = v.InferOutput<typeof enteredSchema>;

/** POST /api/push: a browser's push subscription, as `PushSubscription.toJSON()` gives it. */
export const pushSubscriptionSchema = v.object({
  endpoint: v.pipe(v.string(), v.url(), v.maxLength(2_000)),
  keys: v.object({
    p256dh: v.pipe(textSchema, v.maxLength(200)),
    auth: v.pipe(textSchema, v.maxLength(100)),
  }),
});
export type PushSubscriptionBody = v.InferOutput<typeof pushSubscriptionSchema>;
