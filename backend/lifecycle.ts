// How a process of ours starts, and ends in order when it is told to.
import type { Logger } from './log.ts';

/** Ends one thing that was started; called once, in reverse order of starting. */
export type Stop = () => Promise<void> | void;

/** Longest time for the whole of a shutdown, in milliseconds; whoever stops us should wait as long. */
const SHUTDOWN_MS = 20_000;

/**
 * Runs a process: `start` registers a `Stop` for each thing that it starts. On SIGTERM, SIGINT, or
 * when the launcher that forked us is gone, the stops run newest first, then the process exits:
 * 0 if all of them succeeded in time, 1 if not.
 */
export async function runProcess(
  log: Logger,
  start: (onStop: (stop: Stop) => void) => Promise<void>,
): Promise<void> {
  const stops: Stop[] = [];
  let stopping = false;
  const shutdown = async (reason: string): Promise<void> => {
    if (stopping) return;
    stopping = true;
    log.info({ reason }, 'stopping');
    setTimeout(() => {
      log.error('stopping took too long');
      process.exit(1);
    }, SHUTDOWN_MS).unref();
    process.exit(await runStops(stops, log));
  };
  process.once('SIGTERM', () => void shutdown('SIGTERM'));
  process.once('SIGINT', () => void shutdown('SIGINT'));
  process.once('disconnect', () => void shutdown('the launcher is gone'));
  try {
    await start((stop) => stops.push(stop));
    log.info('started');
    process.send?.('started');
  } catch (error) {
    log.fatal({ err: error }, 'could not start');
    await runStops(stops, log);
    process.exit(1);
  }
}

async function runStops(stops: readonly Stop[], log: Logger): Promise<0 | 1> {
  let code: 0 | 1 = 0;
  for (const stop of stops.toReversed()) {
    try {
      await stop();
    } catch (error) {
      code = 1;
      log.error({ err: error }, 'a part did not stop cleanly');
    }
  }
  return code;
}
