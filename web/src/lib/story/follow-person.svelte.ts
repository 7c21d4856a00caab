// Keeps a live story in step with who is at its page, as the server last said.
import { refreshAll } from '$app/navigation';
import { untrack } from 'svelte';
import type { Voice } from '#domain/story/take.ts';
import type { LiveStory } from '../live/live-story.svelte.ts';

/**
 * Call it while a component is made. When a session ends, the server is asked who is here now: it
 * takes the cookie of who is not. A line that does not come back may be one that this session is
 * not let in to any more, so `refresh` is called then, which must bear a server that is away.
 */
export function followPerson(
  live: LiveStory,
  person: () => Voice | null,
  refresh: () => Promise<void>,
): void {
  /** Whose session ended, as the page knew them before it asked. */
  let leaver: Voice | null = null;
  $effect(() => {
    const now = person();
    const isBack = now !== null && leaver !== null && now !== leaver;
    if (isBack || !isSame(now, live.person)) {
      leaver = null;
      live.reconnect(now);
    } else if (live.signedOut && now !== null) {
      // Asked once more when the line is there again, should the answer have been lost.
      if (leaver !== null && live.connection !== 'live') return;
      leaver = now;
      void refreshAll();
    }
  });
  $effect(() => {
    if (live.connection === 'offline' && untrack(() => !live.signedOut)) void untrack(refresh);
  });
}

function isSame(one: Voice | null, other: Voice | null): boolean {
  return one?.id === other?.id && one?.name === other?.name;
}
