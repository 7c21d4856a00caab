// The outbox of this browser.
import { refreshAll } from '$app/navigation';
import type { UserId } from '#domain/story/ids.ts';
import { queuedVoices } from '../kept-takes/queued-voices.ts';
import { deviceShelf } from '../kept-takes/take-shelf.ts';
import { enter } from './enter.ts';
import { Outbox } from './outbox.svelte.ts';
import { sendWords } from './send-words.ts';
import { deviceWrittenTakes } from './written-takes.ts';

const LOCK = 'tap-outbox';

/** @param person who is at this page now */
export function deviceOutbox(person: () => UserId | null): Outbox {
  return new Outbox({
    person,
    written: deviceWrittenTakes,
    voices: async () => {
      const shelf = await deviceShelf();
      return shelf === null ? null : queuedVoices(shelf);
    },
    sendWords,
    enter,
    // A page that cannot be told is told with the next.
    onEntered: () => refreshAll().catch(() => undefined),
    alone: async (work) => {
      // Without locks the commands are still each one take: the server sees to that.
      if (!('locks' in navigator)) return work();
      await navigator.locks.request(LOCK, work);
    },
    isOnline: () => navigator.onLine,
  });
}
