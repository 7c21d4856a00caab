// What may truthfully be said about drafts, in words for everybody and for screen readers.
import type { RoomState } from '../words/kept-room.ts';
import { describeStatus } from '../words/saved-status.ts';

export function describeDrafts(state: RoomState): string {
  const { status, hasUnsaved, keptHere } = state;
  if (status === 'opening') {
    if (!hasUnsaved) return 'Opening your drafts';
    return keptHere ? 'Kept on this device' : 'Keep this page open: your words are only here yet';
  }
  if (status === 'refused') {
    return 'Too much is in your drafts. Shorten or discard some, and they are saved';
  }
  if (status === 'forbidden') {
    const where = keptHere ? '. Kept on this device' : '';
    return `Not saved: you may not go on with this story any more. Copy your words${where}`;
  }
  return describeStatus(status, state);
}

/** True for what is worth interrupting a screen reader's user for. */
export function isTrouble({ status }: Pick<RoomState, 'status'>): boolean {
  return status === 'offline' || status === 'refused' || status === 'forbidden';
}
