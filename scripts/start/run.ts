// When the launcher stops, and that it stops everything, whatever has been started by then.
import { ConfigError } from '#backend/config.ts';
import { EmbeddedPostgresError } from '#backend/postgres/embedded/binaries.ts';
import { StartError } from './start-error.ts';

export type Stop = () => Promise<void> | void;

const PARENT_POLL_MS = 1_000;

/**
 * Runs `start`, which registers a `Stop` for each thing before it starts it. They run newest first
 * when we are told to stop (SIGINT, SIGTERM, SIGHUP), when whoever started us is gone (npm was
 * killed, or the ipc channel of a test closed), or when starting fails. Then the process exits.
 */
export async function runLauncher(
  write: (text: string) => void,
  start: (onStop: (stop: Stop) => void) => Promise<void>,
): Promise<void> {
  const stops: Stop[] = [];
  let ending = false;
  const end = async (code: number): Promise<void> => {
    if (ending) return;
    ending = true;
    for (let stop = stops.pop(); stop !== undefined; stop = stops.pop()) {
      try {
        await stop();
      } catch (error) {
        write(`could not stop a part: ${explain(error)}\n`);
      }
    }
    process.exit(code);
  };
  const tell = (reason: string): void => {
    if (!ending) write(`\nstopping (${reason})\n`);
    void end(0);
  };
  // A terminal that was closed must not end us before everything is stopped.
  process.stdout.on('error', () => undefined);
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => tell(name));
  process.once('disconnect', () => tell('whoever started us is gone'));
  watchParent(() => tell('npm is gone'));
  try {
    await start((stop) => stops.push(stop));
  } catch (error) {
    if (ending) return;
    write(`\nTap Story did not start: ${explain(error)}\n`);
    await end(1);
  }
}

/** npm dies without passing SIGKILL on; we notice by having a new parent. */
function watchParent(onGone: () => void): void {
  // Without npm nobody promised to stay: a shell may start us and leave.
  if (process.env['npm_lifecycle_event'] === undefined) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    onGone();
  }, PARENT_POLL_MS);
  timer.unref();
}

/** The message alone where it was written for people, and everything where it was not. */
function explain(error: unknown): string {
  if (
    error instanceof StartError ||
    error instanceof ConfigError ||
    error instanceof EmbeddedPostgresError
  ) {
    const { cause } = error;
    return cause instanceof Error ? `${error.message}\n  (${cause.message})` : error.message;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
