// What an attempt to send a take leads to that failed: it waits, for the line or the story, or it ends.
import { problemStatus } from '#domain/protocol/problem.ts';
import { Refused, Unreachable } from './api.ts';
import type { Step } from './sending-step.ts';

/**
 * @param before how far the take was
 * @param isParentKept whether this device has the one that it answers, and knows it as unpublished
 */
export function stepAfter(
  error: unknown,
  before: Step | undefined,
  isParentKept: boolean,
): Extract<Step, { at: 'waiting' | 'behind' | 'not-yet' | 'refused' }> {
  if (error instanceof Unreachable)
    return { at: 'waiting', share: before?.at === 'uploading' ? before.share : 0 };
  if (!(error instanceof Refused)) {
    const why = 'What this device keeps of it could not be read.';
    return { at: 'refused', why, isPlaceGone: false };
  }
  if (isParentKept && error.problem.code === 'not_found') return { at: 'behind', parent: 'kept' };
  return isPassing(error)
    ? { at: 'not-yet', why: error.message }
    : { at: 'refused', why: error.message, isPlaceGone: isOfItsPlace(error) };
}

/** What was thrown, as an error: a store may throw anything. */
export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error('the device failed', { cause: error });
}

/** True if the same take may be accepted later as it is. */
function isPassing({ problem: { code }, status }: Refused): boolean {
  return code === 'parent_not_ready' || status === problemStatus.too_many_requests;
}

/** True if it is the place in the story that cannot be had, and not the take that is at fault. */
function isOfItsPlace({ problem: { code } }: Refused): boolean {
  return code === 'not_found' || code === 'parent_unusable';
}
