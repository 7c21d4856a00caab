// A server that an earlier launcher left behind, found by the file that Postgres keeps.
import { readFile, realpath } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../log.ts';
import { EmbeddedPostgresError } from './binaries.ts';

/** Longest wait for a left-over server to end, in milliseconds. */
const TAKEOVER_MS = 15_000;
const POLL_MS = 20;

/** Process id of the server that runs on `folder`, or null. */
export async function runningPostmaster(folder: string): Promise<number | null> {
  const lines = await readFile(path.join(folder, 'postmaster.pid'), 'utf8').catch(() => '');
  const [pidLine = '', folderLine = ''] = lines.split('\n');
  const pid = Number.parseInt(pidLine, 10);
  if (!(pid > 1) || folderLine === '') return null;
  return (await isPostgresOn(pid, folder)) ? pid : null;
}

/**
 * Ends a server that still runs on `folder` (its launcher was killed) as Postgres' fast shutdown:
 * sessions are cut, what is committed stays.
 * @throws {EmbeddedPostgresError} when it does not end in time
 */
export async function stopLeftover(folder: string, log: Logger): Promise<void> {
  const pid = await runningPostmaster(folder);
  if (pid === null) return;
  log.info({ pid }, 'taking over from a Postgres that an earlier start left running');
  signal(pid, 'SIGINT');
  const deadline = Date.now() + TAKEOVER_MS;
  while (await isPostgresOn(pid, folder)) {
    if (Date.now() > deadline) {
      throw new EmbeddedPostgresError(`an earlier Postgres (process ${pid}) does not stop`);
    }
    await sleep(POLL_MS);
  }
}

/** Sends a signal; a process that is gone already is fine. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** Process ids are used again, so a bare id is not enough: its command line must name the folder. */
async function isPostgresOn(pid: number, folder: string): Promise<boolean> {
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  const real = await realpath(folder).catch(() => folder);
  return commandLine.split('\0').some((part) => part === folder || part === real);
}
