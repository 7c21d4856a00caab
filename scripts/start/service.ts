// One process of ours under the launcher: forked, watched, started again, stopped.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '#backend/log.ts';
import { signal } from '#backend/postgres/embedded/postmaster.ts';
import { forwardLines } from './log-lines.ts';
import { StartError } from './start-error.ts';

export interface ServiceOptions {
  readonly name: string;
  /** Its working directory. */
  readonly root: string;
  /** The process' entry, an absolute path. */
  readonly entry: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Answers 200 once the process can do its work. */
  readonly readyUrl: string;
  readonly log: Logger;
  readonly write: (line: string) => void;
}

const READY_MS = 60_000;
const POLL_MS = 50;
const RESTART_MS = [250, 500, 1_000, 2_000, 5_000, 10_000] as const;
/** A process that lived this long did not die of its start, so the next wait is short again. */
const SETTLED_MS = 30_000;

/** A forked process that is started again when it dies, until it is stopped. */
export class Service {
  readonly name: string;
  readonly #options: ServiceOptions;
  readonly #stopping = new AbortController();
  #child: ChildProcess | undefined;
  #watch: Promise<void> = Promise.resolve();

  constructor(options: ServiceOptions) {
    this.name = options.name;
    this.#options = options;
  }

  /**
   * Resolves when the process is ready; from then on it is kept alive.
   * @throws {StartError} when it ends or stays unready instead
   */
  async start(): Promise<void> {
    const child = this.#fork();
    await this.#untilReady(child);
    this.#watch = this.#keepAlive(child);
  }

  /** SIGTERM, then after `withinMs` SIGKILL to it and whatever it started. */
  async stop(withinMs: number): Promise<void> {
    this.#stopping.abort();
    const child = this.#child;
    if (child !== undefined && isAlive(child)) {
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      const late = setTimeout(() => {
        this.#options.log.warn({ service: this.name, withinMs }, 'did not stop in time, killed');
        killGroup(child);
      }, withinMs);
      await exit;
      clearTimeout(late);
    }
    await this.#watch;
  }

  #fork(): ChildProcess {
    const { name, root, entry, env, write } = this.#options;
    // A group of its own: Ctrl-C reaches every process of the terminal's group at once, and we
    // stop them in order. It ends with us by its ipc channel instead.
    const child = fork(entry, [], {
      cwd: root,
      execArgv: [],
      env: { ...env },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    if (child.stdout) forwardLines(name, child.stdout, write);
    if (child.stderr) forwardLines(name, child.stderr, write);
    // What it had started itself must not outlive it.
    child.once('exit', () => killGroup(child));
    this.#child = child;
    return child;
  }

  async #untilReady(child: ChildProcess): Promise<void> {
    const deadline = Date.now() + READY_MS;
    const gone = once(child, 'exit').then(([code, by]) => {
      throw new StartError(
        `${this.name} ended while starting (${String(code ?? by)}); its log is above`,
      );
    });
    gone.catch(() => undefined);
    const started = new Promise<void>((resolve) => {
      child.on('message', (message) => {
        if (message === 'started') resolve();
      });
    });
    const late = sleep(READY_MS, undefined, { ref: false }).then(() => {
      throw new StartError(`${this.name} did not report its start within ${READY_MS / 1000} s`);
    });
    late.catch(() => undefined);
    await Promise.race([started, gone, late]);
    while (!(await isReady(this.#options.readyUrl))) {
      if (Date.now() > deadline) {
        throw new StartError(
          `${this.name} is not ready: ${this.#options.readyUrl} does not say so`,
        );
      }
      await Promise.race([sleep(POLL_MS), gone]);
    }
  }

  async #keepAlive(first: ChildProcess): Promise<void> {
    const { log } = this.#options;
    let child = first;
    let startedAt = Date.now();
    let failures = 0;
    for (;;) {
      if (isAlive(child)) await once(child, 'exit');
      if (this.#stopping.signal.aborted) return;
      if (Date.now() - startedAt > SETTLED_MS) failures = 0;
      const waitMs = RESTART_MS[Math.min(failures, RESTART_MS.length - 1)] ?? 0;
      failures += 1;
      log.error(
        { service: this.name, code: child.exitCode, signal: child.signalCode, waitMs },
        'died, starting it again',
      );
      await sleep(waitMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      if (this.#stopping.signal.aborted) return;
      startedAt = Date.now();
      child = this.#fork();
      this.#untilReady(child).then(
        () => log.info({ service: this.name }, 'is back'),
        (error: unknown) => log.warn({ err: error }, 'is not back yet'),
      );
    }
  }
}

async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

function isAlive(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

function killGroup({ pid }: ChildProcess): void {
  if (pid !== undefined) signal(-pid, 'SIGKILL');
}
