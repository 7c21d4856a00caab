// One take of the outbox: written or spoken, the same queue and the same words.
import type { StoryId, TakeId, UserId } from '#domain/story/ids.ts';
import type { KeptTake } from '../kept-takes/kept-take.ts';
import type { Step } from './sending-step.ts';
import type { WrittenTake } from './written-takes.ts';

export interface QueuedTake {
  readonly takeId: TakeId;
  /** Whose it is; null for somebody who had no session yet. */
  readonly userId: UserId | null;
  /** The story that it goes to; null for one that it begins. */
  readonly storyId: StoryId | null;
  readonly parentId: TakeId | null;
  readonly queuedAtMs: number;
  readonly of:
    | { readonly kind: 'text'; readonly take: WrittenTake }
    | { readonly kind: 'voice'; readonly take: KeptTake };
}

/** A take with how far it is. */
export type OutboxItem = QueuedTake & { readonly step: Step };

/** True for a take that is to be sent as soon as it can be. */
export function isToBeSent({ step: { at } }: OutboxItem): boolean {
  return at !== 'refused' && at !== 'live' && at !== 'asks';
}

/** True for a take that the story cannot take yet, or that is behind one. */
export function isPutOff({ step: { at } }: OutboxItem): boolean {
  return at === 'not-yet' || at === 'behind';
}

export function queuedWords(take: WrittenTake): QueuedTake {
  const { takeId, userId, storyId, parentId, atMs } = take;
  return { takeId, userId, storyId, parentId, queuedAtMs: atMs, of: { kind: 'text', take } };
}

/** A spoken take that waits to be sent; null for one that does not. */
export function queuedVoice(take: KeptTake): QueuedTake | null {
  const { origin, sending, state } = take;
  if (state !== 'queued' || sending === null) return null;
  const { takeId, userId } = origin;
  const { place, queuedAtMs } = sending;
  const [storyId, parentId] =
    place.kind === 'branch' ? [place.storyId, place.parentId] : [null, null];
  return { takeId, userId, storyId, parentId, queuedAtMs, of: { kind: 'voice', take } };
}

/** Oldest first, so that what answers a take comes after it. */
export function inOrder(takes: readonly QueuedTake[]): QueuedTake[] {
  return takes.toSorted((a, b) => a.queuedAtMs - b.queuedAtMs);
}

/**
 * How a take waits for the one that it answers, if that waits here as well; null if it does not.
 * Whether the story has one that was opened again, or is another person's, the story alone can tell.
 */
export function behind(
  { parentId }: QueuedTake,
  items: readonly OutboxItem[],
): Extract<Step, { at: 'behind' }> | null {
  const at = items.find(({ takeId }) => takeId === parentId)?.step.at;
  if (at === undefined || at === 'live') return null;
  return { at: 'behind', parent: at === 'refused' ? 'refused' : 'waiting' };
}

/** That the story did not take it, as the device noted; null if it noted nothing. */
export function refusedBefore({ of }: QueuedTake): Extract<Step, { at: 'refused' }> | null {
  const problem = of.kind === 'voice' ? of.take.problem : null;
  if (problem === null) return null;
  return { at: 'refused', why: problem.message, isPlaceGone: problem.isPlaceGone };
}

/** The same take as this person's. */
export function signedAs({ of, ...facts }: QueuedTake, userId: UserId): QueuedTake {
  if (of.kind === 'text') {
    const take = { ...of.take, userId, renames: false };
    return { ...facts, userId, of: { kind: 'text', take } };
  }
  const take = { ...of.take, origin: { ...of.take.origin, userId }, name: '' };
  return { ...facts, userId, of: { kind: 'voice', take } };
}
