// Plants the demo story beside the running app: nobody waits for it, and it may be cut short.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { forwardLines } from './log-lines.ts';
import type { Stop } from './run.ts';

/** Starts the planting; the returned `Stop` ends it where it is, to go on at the next start. */
export function plantDemo(
  root: string,
  env: Readonly<Record<string, string | undefined>>,
  write: (line: string) => void,
): Stop {
  const child = fork(path.join(root, 'scripts/demo/plant.ts'), [], {
    cwd: root,
    execArgv: [],
    env: { ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  // The story is a welcome: the app does not end because nobody could be started to plant it.
  child.once('error', (error) => write(`demo     could not be planted: ${error.message}\n`));
  if (child.stdout) forwardLines('demo', child.stdout, write);
  if (child.stderr) forwardLines('demo', child.stderr, write);
  return async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  };
}
