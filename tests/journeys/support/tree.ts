// The tree of a story as its room tells it, read by a listener without a browser.
import { expect } from '@playwright/test';
import { WebSocket } from 'ws';
import { SOCKET_PATH } from '#domain/protocol/room.ts';
import type { StoryView } from '#domain/story/document.ts';
import type { StoryId } from '#domain/story/ids.ts';
import { StoryLink } from '#lib/live/story-link.ts';

/** Listens until the tree is as `ready` wants it, and returns it. */
export async function readTree(
  origin: string,
  storyId: StoryId,
  ready: (view: StoryView) => boolean,
): Promise<StoryView> {
  const seen: { view: StoryView | null } = { view: null };
  const link = new StoryLink({
    storyId,
    self: null,
    socket: {
      url: `${origin.replace('http', 'ws')}${SOCKET_PATH}`,
      // As a browser on one of our pages.
      WebSocket: class extends WebSocket {
        constructor(address: string | URL) {
          super(address, { headers: { origin } });
        }
      },
    },
    listener: {
      onView: (view) => (seen.view = view),
      onPresence: () => undefined,
      onProgress: () => undefined,
      onConnection: () => undefined,
    },
  });
  try {
    await expect.poll(() => seen.view !== null && ready(seen.view)).toBe(true);
  } finally {
    link.destroy();
  }
  if (seen.view === null) throw new Error('the room told nothing');
  return seen.view;
}
