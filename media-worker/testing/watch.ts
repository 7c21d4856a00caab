// For tests: the most that a piece of work takes of the machine while it runs (Linux).
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export interface Peak {
  /** Resident memory of one program that it started, bytes. */
  programBytes: number;
  /** Growth of this process's own resident memory, bytes. */
  ownBytes: number;
  /** All files of its folder together, bytes. */
  folderBytes: number;
}

const EVERY_MS = 20;

/** Runs `work` and raises `peak` to the most that was seen meanwhile. */
export async function watched<T>(peak: Peak, folder: string, work: () => Promise<T>): Promise<T> {
  const done = new AbortController();
  const ownAtFirst = process.memoryUsage.rss();
  const watching = (async () => {
    while (!done.signal.aborted) {
      peak.programBytes = Math.max(peak.programBytes, await largestChild());
      peak.ownBytes = Math.max(peak.ownBytes, process.memoryUsage.rss() - ownAtFirst);
      peak.folderBytes = Math.max(peak.folderBytes, await sizeOf(folder));
      await delay(EVERY_MS, undefined, { signal: done.signal }).catch(() => undefined);
    }
  })();
  try {
    return await work();
  } finally {
    peak.folderBytes = Math.max(peak.folderBytes, await sizeOf(folder));
    done.abort();
    await watching;
  }
}

/** The high-water mark of each program, so that looking now and then is enough. */
async function largestChild(): Promise<number> {
  const list = `/proc/self/task/${process.pid}/children`;
  const children = (await readFile(list, 'utf8').catch(() => '')).split(' ').filter(Boolean);
  const sizes = await Promise.all(
    children.map(async (pid) => {
      const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
      return Number(/^VmHWM:\s*(\d+) kB/mu.exec(status)?.[1] ?? 0) * 1024;
    }),
  );
  return Math.max(0, ...sizes);
}

async function sizeOf(folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => []);
  const sizes = await Promise.all(
    names.map(async (name) => (await stat(join(folder, name)).catch(() => ({ size: 0 }))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
