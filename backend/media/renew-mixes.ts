// What an older renderer made is rendered anew once somebody listens to it; until then it plays.
import type { TakeId } from '#domain/story/ids.ts';
import type { Logger } from '../log.ts';
import type { Database } from '../postgres/database.ts';
import type { Queue } from '../queue/queue.ts';

/** How often a mix is asked for again while it is listened to, in seconds. */
const ONCE_PER_SECONDS = 3_600;
/** Of a long path those that come first: the next listener brings the rest. */
const MOST_AT_ONCE = 20;

export interface RenewDeps {
  readonly db: Database;
  readonly queue: Queue;
  readonly log: Logger;
}

/**
 * Asks the worker for newer mixes of takes; however often it is called, each is made once. Never
 * rejects, so that a listener need not wait for it: what fails is logged, and asked for again by the
 * next one.
 */
export async function renewMixes(
  { db, queue, log }: RenewDeps,
  outdated: readonly TakeId[],
): Promise<void> {
  try {
    for (const takeId of outdated.slice(0, MOST_AT_ONCE)) {
      const once = { oncePerSeconds: ONCE_PER_SECONDS, about: takeId };
      await queue.send('mix.renew', { takeId }, db, once);
    }
  } catch (error) {
    log.warn({ err: error }, 'newer mixes could not be asked for');
  }
}
