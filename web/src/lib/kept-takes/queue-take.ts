// Sending a take off: from here on it waits on the device to be published.
import type { UserId } from '#domain/story/ids.ts';
import type { Draft } from '../upload/publish.ts';
import { NotKept } from './byte-store.ts';
import { fileToSend } from './file-to-send.ts';
import type { TakeShelf } from './take-shelf.ts';

export interface Sender {
  /** Whose it is from now on; null for somebody without a session. */
  readonly userId: UserId | null;
  /** Nothing is queued any more once this aborts. */
  readonly signal: AbortSignal;
}

/** Puts a take in the queue; false if this device does not keep it. */
export async function queueTake(
  shelf: TakeShelf,
  { takeId, content, place, name = '' }: Draft,
  { userId, signal }: Sender,
): Promise<boolean> {
  if (content.kind !== 'voice') return false;
  try {
    const found = await shelf.find(takeId);
    if (found === null) return false;
    const sending = await fileToSend(shelf, found, content.file);
    const title = place.kind === 'plant' ? place.title : found.title;
    const facts = { name, title, words: content.words ?? '', problem: null };
    const queued = await shelf.change(takeId, (take) =>
      signal.aborted
        ? take
        : {
            ...take,
            ...facts,
            origin: { ...take.origin, userId },
            state: 'queued',
            sending: { ...sending, place },
          },
    );
    return queued !== null;
  } catch (error) {
    // A device without room for the file still has what was captured; what is sent is on the page.
    if (error instanceof NotKept) return false;
    throw error;
  }
}
