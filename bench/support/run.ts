// How a measurement runs: to its end, or until it is told to stop, and everything that it started
// is ended either way.

/** Ends one thing that was started. */
export type Stop = () => Promise<void> | void;

/**
 * Runs `measure`, which registers a `Stop` for each thing that it starts. They run newest first
 * when it is done or fails, on SIGINT or SIGTERM, and when `npm run bench` is gone. Then the
 * process exits: 0 only if the measurement got to its end.
 */
export async function runBench(
  measure: (onStop: (stop: Stop) => void) => Promise<void>,
): Promise<never> {
  const stops: Stop[] = [];
  const cut = Promise.withResolvers<never>();
  const told = (): void => cut.reject(new Error('the measurement was stopped'));
  process.once('SIGINT', told);
  process.once('SIGTERM', told);
  process.once('disconnect', told);
  let code = 0;
  try {
    await Promise.race([measure((stop) => stops.push(stop)), cut.promise]);
  } catch (error) {
    code = 1;
    console.error(error instanceof Error ? error.message : error);
  }
  for (const stop of stops.toReversed()) {
    try {
      await stop();
    } catch (error) {
      code = 1;
      console.error('something did not stop:', error);
    }
  }
  process.exit(code);
}
