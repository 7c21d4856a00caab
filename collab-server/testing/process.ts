// A collab-server as a process of its own, to be killed as processes are killed.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import * as v from 'valibot';
import { ORIGIN } from './world.ts';

const main = new URL('../main.ts', import.meta.url);
const listeningLine = v.object({ msg: v.literal('listening'), port: v.number() });

export interface CollabProcess {
  readonly pid: number;
  /** `ws://host:port` */
  readonly url: string;
  /** What it has said so far, in lines. */
  readonly log: readonly string[];
  /** False once it has ended, whoever ended it. */
  isRunning(): boolean;
  /** What it has used of the processors so far, milliseconds, counted in steps of ten. */
  cpuMs(): number;
  /** Ends it between two instructions; resolves when it is gone. */
  kill(): Promise<void>;
  /** Asks it to end; resolves to its exit code, null if a signal ended it. */
  end(): Promise<number | null>;
}

export interface ProcessOptions {
  readonly databaseUrl: string;
  readonly dataDir: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What runs; the collab-server as it is deployed, if it is left out. */
  readonly program?: URL;
}

/** Collab-servers that a test starts; `killAll` belongs into its teardown. */
export class CollabProcesses {
  readonly #running = new Set<CollabProcess>();

  /** Starts one on a free port; resolves when it serves. */
  async start(options: ProcessOptions): Promise<CollabProcess> {
    const child = forked(options);
    const log: string[] = [];
    const started = once(child, 'message');
    const running: CollabProcess = {
      pid: child.pid ?? 0,
      url: `ws://127.0.0.1:${await portOf(child, log)}`,
      log,
      isRunning: () => child.exitCode === null && child.signalCode === null,
      cpuMs: () => cpuMsOf(child.pid ?? 0),
      kill: () => ended(child, 'SIGKILL').then(() => undefined),
      end: () => ended(child, 'SIGTERM'),
    };
    this.#running.add(running);
    await started;
    return running;
  }

  async killAll(): Promise<void> {
    await Promise.all([...this.#running].map((each) => each.kill()));
    this.#running.clear();
  }
}

function forked({ databaseUrl, dataDir, env = {}, program = main }: ProcessOptions): ChildProcess {
  return fork(program, {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: {
      ...process.env,
      DATABASE_URL: databaseUrl,
      ORIGIN,
      COLLAB_HOST: '127.0.0.1',
      COLLAB_PORT: '0',
      LOG_LEVEL: 'info',
      APP_ENV: 'test',
      DATA_DIR: dataDir,
      ...env,
    },
  });
}

/** Reads its log for good: a pipe that nobody empties would stop the process. */
async function portOf(child: ChildProcess, log: string[]): Promise<number> {
  if (child.stdout === null || child.stderr === null) {
    throw new Error('the process has no output');
  }
  createInterface(child.stderr).on('line', (line) => log.push(line));
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  createInterface(child.stdout).on('line', (line) => {
    log.push(line);
    const parsed = v.safeParse(listeningLine, JSON.parse(line));
    if (parsed.success) resolve(parsed.output.port);
  });
  child.once('exit', (code) =>
    reject(new Error(`the collab-server ended (${code}) before it listened:\n${log.join('\n')}`)),
  );
  return promise;
}

/** As Linux tells it, which counts in hundredths of a second. */
function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name, in brackets, may hold spaces; behind it `utime` and `stime` are the 12th and 13th.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return 10 * (Number(fields[11]) + Number(fields[12]));
}

async function ended(child: ChildProcess, by: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    const exit = once(child, 'exit');
    child.kill(by);
    await exit;
  }
  return child.exitCode;
}
