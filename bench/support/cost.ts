// What a piece of work costs this machine.
import { readFile } from 'node:fs/promises';

/** CPU seconds of this process and of all children that have ended. */
async function cpuSeconds(): Promise<number> {
  const { user, system } = process.cpuUsage();
  const stat = await readFile('/proc/self/stat', 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (user + system) / 1e6 + (Number(fields[13]) + Number(fields[14])) / 100;
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
