// A server that an earlier launcher left behind, or what a killed server left behind itself.
import { readdir, readFile, readlink, realpath, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../log.ts';
import { EmbeddedPostgresError } from './binaries.ts';

/** Longest wait for what is left to end by itself, then for it to end when cut short. */
const TAKEOVER_MS = 10_000;
const CUT_SHORT_MS = 5_000;
const POLL_MS = 20;

/**
 * Ends whatever still runs on `folder`. A whole server (its launcher was killed) gets Postgres' fast
 * shutdown: sessions are cut, what is committed stays. Sessions whose server was killed end by
 * themselves, but until then they hold the memory that the next server needs. With nothing left, the
 * server's own claim on the folder goes too: Postgres would believe it while any process has that
 * id, be it a dead one that nobody has waited for, as in a container, or a new one.
 * @throws {EmbeddedPostgresError} when something does not end in time
 */
export async function stopLeftover(folder: string, log: Logger): Promise<void> {
  const pidFile = path.join(folder, 'postmaster.pid');
  const postmaster = Number.parseInt(await readFile(pidFile, 'utf8').catch(() => ''), 10);
  const found = await processesOn(folder);
  if (found.includes(postmaster)) {
    log.info({ pid: postmaster }, 'taking over from a Postgres that an earlier start left running');
    signal(postmaster, 'SIGINT');
  }
  if (!(await areGone(folder, TAKEOVER_MS))) {
    for (const pid of await processesOn(folder)) signal(pid, 'SIGQUIT');
    if (!(await areGone(folder, CUT_SHORT_MS))) {
      throw new EmbeddedPostgresError(`an earlier Postgres on ${folder} does not stop`);
    }
  }
  await rm(pidFile, { force: true });
}

/** Sends a signal; a process that is gone already is fine. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

async function areGone(folder: string, withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  while ((await processesOn(folder)).length > 0) {
    if (Date.now() > deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}

/**
 * Process ids of servers and sessions on a data folder. The id in Postgres' own file is not enough,
 * as ids are used again; but all of its processes work inside the folder.
 */
async function processesOn(folder: string): Promise<number[]> {
  const real = await realpath(folder).catch(() => folder);
  const names = await readdir('/proc').catch(() => []);
  const pids = names.map(Number).filter((pid) => pid > 1);
  const matches = await Promise.all(pids.map((pid) => worksIn(pid, real)));
  return pids.filter((_, index) => matches[index]);
}

async function worksIn(pid: number, folder: string): Promise<boolean> {
  // Processes of other users cannot be looked at, and are not ours to stop.
  const place = await readlink(`/proc/${pid}/cwd`).catch(() => null);
  if (place !== folder) return false;
  const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
  return name.trim() === 'postgres';
}
