// A person's drafts on a page that has no line and keeps nothing, for tests.
import type { StoryId, UserId } from '#domain/story/ids.ts';
import { RoomSocket } from '../../live/room-socket.ts';
import { DraftDocument } from '../draft-document.ts';

/** A line that never opens. */
class NoLine {
  readyState = 0;
  close(): void {
    this.readyState = 3;
  }
}

export function draftsApart(userId: UserId, storyId: StoryId) {
  const socket = new RoomSocket({ url: 'ws://127.0.0.1:9', WebSocket: NoLine });
  const drafts = new DraftDocument({ socket, storyId, userId });
  const close = () => {
    drafts.destroy();
    socket.destroy();
  };
  return { drafts, close };
}
