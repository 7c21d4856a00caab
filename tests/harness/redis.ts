// A real Redis for tests, to be killed and stopped as processes are.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from './ports.ts';

const PROGRAM = 'redis-server';

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
  const child = spawn(PROGRAM, args, { stdio: 'ignore' });
  while (!(await answers(port))) {
    if (child.exitCode !== null) throw new Error(`${PROGRAM} ended with ${child.exitCode}`);
    await sleep(20);
  }
  return child;
}

function answers(port: number): Promise<boolean> {
  const socket = createConnection({ port, host: '127.0.0.1' });
  return new Promise((resolve) => {
    socket.once('connect', () => socket.write('PING\r\n'));
    socket.once('data', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
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
