// How far the worker is with each take, from notices that may come late, early or not at all.
import * as v from 'valibot';
import {
  progressNoticeSchema,
  standingNoticeSchema,
  type ProgressNotice,
  type Stage,
  type StandingNotice,
} from '#domain/protocol/room.ts';
import type { TakeId } from '#domain/story/ids.ts';
import type { TakeState } from '#domain/story/take.ts';

export interface Progress {
  readonly stage: Stage;
  /** Share of this stage that is done, 0 to 1. */
  readonly done: number;
}

const noticeSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.variant('type', [progressNoticeSchema, standingNoticeSchema]),
);

/** The notice in a stateless message of the story's room; null for anything else. */
export function parseNotice(payload: string): ProgressNotice | StandingNotice | null {
  const notice = v.safeParse(noticeSchema, payload);
  return notice.success ? notice.output : null;
}

/**
 * True once a take in this state has left a stage behind, so that progress in it is old news. A
 * take that has not arrived yet (`undefined`) is past nothing: notices may outrun the tree.
 */
export function isPast(stage: Stage, state: TakeState | undefined): boolean {
  if (state === undefined || state.status === 'processing') return false;
  return state.status === 'failed' || stage === 'ingest' || state.mixed;
}

/** The takes whose progress is over, so that it can be cleared. */
export function settled(
  progress: ReadonlyMap<TakeId, Progress>,
  stateOf: (id: TakeId) => TakeState | undefined,
): TakeId[] {
  return [...progress].filter(([id, { stage }]) => isPast(stage, stateOf(id))).map(([id]) => id);
}
