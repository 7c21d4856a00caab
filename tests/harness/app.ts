// The whole product, started as `npm start` starts it, on free ports and a folder of its own.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';
import { newDataFolder } from './data-folder.ts';
import { freePorts } from './ports.ts';

const root = path.resolve(import.meta.dirname, '../..');
const readySchema = v.object({ ready: v.string() });

export interface RunningApp {
  /** The address of its pages, without a slash at the end. */
  readonly origin: string;
  readonly dataDir: string;
  /** Process id of the launcher. */
  readonly pid: number;
  /** All that it has written so far. */
  log(): string;
  /** Stops it as Ctrl-C does, and removes its folder unless `keep`; resolves to its exit code. */
  stop(options?: { keep: boolean }): Promise<number | null>;
}

export interface AppOptions {
  /** Variables beside those that make it independent of other runs. */
  readonly env?: Readonly<Record<string, string>>;
  /** The folder of an earlier run; unset makes a new one. */
  readonly dataDir?: string;
}

/**
 * Starts the app without the demo story.
 * @throws with the whole log when it does not start
 */
export async function startApp({ env = {}, dataDir }: AppOptions = {}): Promise<RunningApp> {
  const folder = dataDir ?? (await newDataFolder());
  const [port, collabPort, workerPort] = await freePorts(3);
  const child = fork(path.join(root, 'scripts/start.ts'), [], {
    cwd: root,
    execArgv: [],
    // A Ctrl-C at the test runner must not reach it twice; it ends when the runner is gone.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: {
      ...independent(process.env),
      PORT: String(port),
      COLLAB_PORT: String(collabPort),
      WORKER_PORT: String(workerPort),
      DATA_DIR: folder,
      DEMO_STORY: 'no',
      ...env,
    },
  });
  const output: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => output.push(chunk));
  const log = (): string => Buffer.concat(output).toString();
  const origin = await untilReady(child, log);
  return {
    origin,
    dataDir: folder,
    pid: child.pid ?? 0,
    log,
    stop: async ({ keep } = { keep: false }) => {
      const code = await stop(child);
      if (!keep) await rm(folder, { recursive: true, force: true });
      return code;
    },
  };
}

/** What a developer's shell names must not steer a test. */
function independent(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR, FFMPEG_PATH, LOG_LEVEL } = env;
  return { PATH, HOME, TMPDIR, FFMPEG_PATH, LOG_LEVEL };
}

function untilReady(child: ChildProcess, log: () => string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  child.on('message', (message) => {
    const told = v.safeParse(readySchema, message);
    if (told.success) resolve(told.output.ready);
  });
  child.once('exit', (code) =>
    reject(new Error(`the app ended (${code}) before it was ready:\n${log()}`)),
  );
  return promise;
}

async function stop(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    const exit = once(child, 'exit');
    child.kill('SIGINT');
    await exit;
  }
  return child.exitCode;
}
