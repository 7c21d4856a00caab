// What a piece of work costs this machine.
import { readFile } from 'node:fs/promises';

/** CPU seconds of a process and of all its children that have ended (Linux). */
export async function cpuSeconds(pid = process.pid): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / 100;
}

export interface Cost {
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
}

/** What some work costs, of which every process has ended when it is done. */
export async function costOf(run: () => Promise<void>): Promise<Cost> {
  const [cpu, wall] = [await cpuSeconds(), performance.now()];
  await run();
  return {
    cpuSeconds: (await cpuSeconds()) - cpu,
    wallSeconds: (performance.now() - wall) / 1000,
  };
}
