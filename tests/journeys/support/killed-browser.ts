// A browser with a disk of its own that a test ends as a crash does, and opens again.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium, type BrowserContext, type Page } from '@playwright/test';
import { childrenOf, isRunning } from '../../harness/processes.ts';
import { findChromium, microphone } from '../../harness/chromium.ts';

export interface BrowserOptions {
  readonly origin: string;
  /** What the microphone hears: a WAV file, 48 kHz; unset gives beeps. */
  readonly says?: string;
}

export class KilledBrowser {
  readonly #folder: string;
  readonly #options: BrowserOptions;
  #context: BrowserContext | null = null;

  private constructor(folder: string, options: BrowserOptions) {
    this.#folder = folder;
    this.#options = options;
  }

  static async of(options: BrowserOptions): Promise<KilledBrowser> {
    return new KilledBrowser(await mkdtemp(path.join(tmpdir(), 'tap-story-killed-')), options);
  }

  /** Starts it. */
  async open(): Promise<Page> {
    const { executablePath, env } = await findChromium();
    this.#context = await chromium.launchPersistentContext(this.#folder, {
      executablePath,
      env,
      args: [...microphone(this.#options.says), '--hide-crash-restore-bubble'],
      baseURL: this.#options.origin,
      viewport: { width: 1440, height: 900 },
      permissions: ['microphone'],
    });
    const [first] = this.#context.pages();
    return first ?? this.#context.newPage();
  }

  /** SIGKILL to the browser and everything that it started; resolves once all of it is gone. */
  async kill(): Promise<void> {
    const context = this.#context;
    if (context === null) return;
    this.#context = null;
    const main = browserIn(this.#folder);
    const all = [main, ...descendantsOf(main)];
    const closed = new Promise((resolve) => context.once('close', resolve));
    for (const pid of all) endAtOnce(pid);
    await closed;
    while (all.some(isRunning)) await new Promise((resolve) => setImmediate(resolve));
  }

  async discard(): Promise<void> {
    await this.#context?.close();
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The browser process whose profile this is: we started it. */
function browserIn(folder: string): number {
  const ours = childrenOf(process.pid).find(({ command }) => command.includes(folder));
  if (ours === undefined) throw new Error('no browser runs');
  return ours.pid;
}

function descendantsOf(pid: number): number[] {
  return childrenOf(pid).flatMap((child) => [child.pid, ...descendantsOf(child.pid)]);
}

/** Some of what a browser starts ends by itself meanwhile, as does what its parent is killed of. */
function endAtOnce(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
