// The worker as a process of its own, for tests that kill it.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { LINK_SECRET, type TestStory } from './story.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));

/** The workers that a test started. */
export class WorkerProcesses {
  readonly #started: ChildProcess[] = [];

  /** Starts a worker on a story's database and store; resolves once it takes jobs. */
  async start(
    story: Pick<TestStory, 'databaseUrl' | 'dataDir'>,
    tmp: string,
  ): Promise<{ worker: ChildProcess; port: number }> {
    const worker = spawn(process.execPath, [MAIN], {
      env: {
        PATH: process.env['PATH'],
        TMPDIR: tmp,
        DATABASE_URL: story.databaseUrl,
        DATA_DIR: story.dataDir,
        LINK_SECRET,
        WORKER_PORT: '0',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#started.push(worker);
    for await (const line of createInterface({ input: worker.stdout })) {
      const { msg, port }: { msg?: string; port?: number } = JSON.parse(line);
      if (msg !== 'listening' || port === undefined) continue;
      worker.stdout.resume();
      return { worker, port };
    }
    throw new Error('the worker ended before it listened');
  }

  /** Kills those that still run. */
  async kill(): Promise<void> {
    for (const worker of this.#started.splice(0)) {
      if (worker.exitCode !== null || worker.signalCode !== null) continue;
      worker.kill('SIGKILL');
      await once(worker, 'exit');
    }
  }
}

/** Processes whose working directory lies under a folder: what a job has running (Linux). */
export async function runningIn(folder: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/u.test(name));
  const isIn = await Promise.all(pids.map((pid) => worksIn(pid, folder)));
  return pids.filter((_, index) => isIn[index]);
}

/** In a file system of its own its working directory is `/job`; what that is, its mounts say. */
async function worksIn(pid: string, folder: string): Promise<boolean> {
  const [directory, mounts] = await Promise.all([
    readlink(`/proc/${pid}/cwd`).catch(() => ''),
    readFile(`/proc/${pid}/mountinfo`, 'utf8').catch(() => ''),
  ]);
  const name = `/${folder.split('/').slice(-2).join('/')}/`;
  const isJob = (line: string): boolean => line.includes(name) && line.includes('/job ');
  return directory.startsWith(folder) || mounts.split('\n').some(isJob);
}
