// Sees to it that the store is swept once a day, whenever a worker is there to do it.
import type { Worker } from './worker.ts';

const DAY_SECONDS = 86_400;
const ASK_EVERY_MS = 3_600_000;

/**
 * Sends the sweep of today, now and each hour; the queue takes one a day, from whichever worker. Not
 * by a clock: a machine that is off at night is swept when it is on.
 */
export async function sweepDaily({
  db,
  queue,
  log,
}: Pick<Worker, 'db' | 'queue' | 'log'>): Promise<{ stop(): void }> {
  const ask = () =>
    queue.send('store.sweep', { scope: 'orphans' }, db, { oncePerSeconds: DAY_SECONDS });
  await ask();
  const timer = setInterval(() => {
    ask().catch((error: unknown) => log.warn({ err: error }, 'today’s sweep could not be sent'));
  }, ASK_EVERY_MS);
  return { stop: () => clearInterval(timer) };
}
