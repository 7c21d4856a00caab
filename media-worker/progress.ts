// Tells a story's listeners how far a take is, a few times a second.
import { notify } from '#backend/postgres/notices.ts';
import type { Stage } from '#domain/protocol/room.ts';
import type { StoryId, TakeId } from '#domain/story/ids.ts';
import type { Worker } from './worker.ts';

const EVERY_MS = 250;

/**
 * A reporter for one stage of one take, to be called as often as one likes. Progress is a courtesy:
 * it is sent at most four times a second, and a notice that cannot be sent is only logged.
 */
export function progressReporter(
  { db, log }: Pick<Worker, 'db' | 'log'>,
  take: { storyId: StoryId; takeId: TakeId; stage: Stage },
  now: () => number = () => performance.now(),
): (done: number) => void {
  const { storyId, takeId, stage } = take;
  let nextAt = Number.NEGATIVE_INFINITY;
  let sending = false;
  return (done) => {
    if (sending || now() < nextAt) return;
    nextAt = now() + EVERY_MS;
    sending = true;
    notify(db, 'take_progress', { storyId, notice: { type: 'progress', takeId, stage, done } })
      .catch((error: unknown) => log.warn({ err: error, takeId }, 'progress could not be told'))
      .finally(() => {
        sending = false;
      });
  };
}
