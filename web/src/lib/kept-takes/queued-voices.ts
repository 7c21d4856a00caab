// The spoken takes of the shelf as the outbox sees them.
import type { QueuedVoices } from '../upload/outbox-settings.ts';
import { sendKept, type SendOptions } from './send-kept.ts';
import type { TakeShelf } from './take-shelf.ts';

export function queuedVoices(shelf: TakeShelf, options: SendOptions = {}): QueuedVoices {
  return {
    all: async () => (await shelf.content()).takes,
    published: async (id, published) => {
      // The row first: it is not sent again, however much of this is done.
      await shelf.change(id, (take) => ({ ...take, state: 'live', published, problem: null }));
      await shelf.dropFiles(id);
    },
    refused: async (id, problem) => {
      await shelf.change(id, (take) => ({ ...take, problem }));
    },
    signed: async (id, userId) => {
      // The name was for a guest to be: it renames nobody.
      await shelf.change(id, (take) => ({ ...take, origin: { ...take.origin, userId }, name: '' }));
    },
    withdrawn: async (id) => {
      await shelf.change(id, (take) =>
        take.state === 'queued' ? { ...take, state: 'kept' } : take,
      );
    },
    send: (take, onstep, signal) => sendKept(shelf, take, onstep, { ...options, signal }),
  };
}
