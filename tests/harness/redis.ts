// A real Redis for tests, to be killed and stopped as processes are.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { freePorts } from './ports.ts';

const PROGRAM = 'redis-server';
/** What it says once it takes connections. */
const READY = 'Ready to accept connections';

/** Null if this machine has none: tests that need it are then skipped, and say so. */
export const redisVersion: string | null = versionOf(PROGRAM);

export interface TestRedis {
  readonly url: string;
  /** Ends it between two instructions; resolves when it is gone. */
  kill(): Promise<void>;
  /** Starts it again, at the same address and empty. */
  restart(): Promise<void>;
  /** It goes on to take connections and bytes, and does nothing, until `wake`. */
  pause(): void;
  wake(): void;
}

/** Starts a Redis on a free port that keeps nothing; resolves when it answers. */
export async function startRedis(): Promise<TestRedis> {
  const [port = 0] = await freePorts(1);
  let child = await started(port);
  return {
    url: `redis://127.0.0.1:${port}`,
    kill: () => killed(child),
    restart: async () => {
      child = await started(port);
    },
    pause: () => child.kill('SIGSTOP'),
    wake: () => child.kill('SIGCONT'),
  };
}

async function started(port: number): Promise<ChildProcess> {
  const settings = { port, bind: '127.0.0.1', save: '', appendonly: 'no', daemonize: 'no' };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = spawn(PROGRAM, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const ready = Promise.withResolvers<ChildProcess>();
  child.once('error', ready.reject);
  child.once('exit', (code) => ready.reject(new Error(`${PROGRAM} ended with ${code}`)));
  // Read for good: a pipe that nobody empties would stop it.
  createInterface(child.stdout).on('line', (line) => {
    if (line.includes(READY)) ready.resolve(child);
  });
  return ready.promise;
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

function versionOf(program: string): string | null {
  try {
    return execFileSync(program, ['--version'], { encoding: 'utf8' }).trim();
  } catch {
    return null;
  }
}
