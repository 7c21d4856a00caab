// Postgres NOTIFY channels between the processes, each with the schema of its payload.
import * as v from 'valibot';
import { storyIdSchema, takeIdSchema, userIdSchema } from '../story/ids.ts';
import { progressNoticeSchema } from './room.ts';

export const noticeSchemas = {
  /** A command committed a new event of this story: its tree document is behind. */
  story_event: v.object({ storyId: storyIdSchema }),
  /**
   * A collab-server committed updates of people to this document: nodes that have it open lack
   * what the log holds from `firstSeq` on. `node` is who committed them.
   */
  document_update: v.object({
    document: v.pipe(v.string(), v.maxLength(100)),
    node: v.pipe(v.string(), v.uuid()),
    firstSeq: v.pipe(v.number(), v.integer(), v.minValue(1)),
  }),
  /** Earlier words of a take were forgotten: no copy that has them may be handed out. */
  words_forgotten: v.object({ takeId: takeIdSchema }),
  /** How far the worker is with a take. */
  take_progress: v.object({ storyId: storyIdSchema, notice: progressNoticeSchema }),
  /** These sessions have ended: their sockets must close. As many as one NOTIFY carries. */
  session_revoked: v.object({
    sessionIds: v.pipe(v.array(v.pipe(v.string(), v.maxLength(64))), v.maxLength(100)),
  }),
  /** Somebody's inbox changed. */
  inbox: v.object({ userId: userIdSchema }),
} as const;

export type NoticeName = keyof typeof noticeSchemas;
export type NoticePayload<N extends NoticeName> = v.InferOutput<(typeof noticeSchemas)[N]>;
