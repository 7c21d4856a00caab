// Collab-servers of fuzzed stories, each a process at an address that outlives it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  CollabProcesses,
  type CollabProcess,
  type ProcessOptions,
} from '../../collab-server/testing/process.ts';
import { startTcpProxy, type TcpProxy } from '../harness/tcp-proxy.ts';

const program = new URL('node-process.ts', import.meta.url);

export class FuzzNode {
  readonly url: string;
  readonly #processes: CollabProcesses;
  readonly #options: ProcessOptions;
  readonly #proxy: TcpProxy;
  #process: CollabProcess;
  /** While it ends and begins again. */
  #changing: Promise<void> | null = null;

  private constructor(
    process: CollabProcess,
    proxy: TcpProxy,
    { processes, options }: { processes: CollabProcesses; options: ProcessOptions },
  ) {
    this.#process = process;
    this.#proxy = proxy;
    this.#processes = processes;
    this.#options = options;
    this.url = proxy.through(process.url).replace(/\/$/u, '');
  }

  static async start(databaseUrl: string): Promise<FuzzNode> {
    const processes = new CollabProcesses();
    const dataDir = await mkdtemp(path.join(tmpdir(), 'tap-story-fuzz-'));
    const options = { databaseUrl, dataDir, program };
    const process = await processes.start(options);
    return new FuzzNode(process, await startTcpProxy(process.url), { processes, options });
  }

  /** Ends it as a deployment does, and begins it again; people go on meanwhile. */
  restart(): string {
    return this.#change(() => this.#process.end());
  }

  /** Ends it between two instructions, and begins it again; people go on meanwhile. */
  kill(): string {
    return this.#change(() => this.#process.kill());
  }

  /** Resolves when it serves. @throws if it did not begin again */
  async settled(): Promise<void> {
    await this.#changing;
  }

  /** Resets every socket, as a network does. */
  drop(): void {
    this.#proxy.cut();
    this.#proxy.heal();
  }

  async stop(): Promise<void> {
    await this.#changing;
    await this.#proxy.close();
    await this.#processes.killAll();
    await rm(this.#options.dataDir, { recursive: true, force: true });
  }

  #change(end: () => Promise<unknown>): string {
    if (this.#changing !== null) return 'that begins just now';
    const changing = async () => {
      await end();
      this.#process = await this.#processes.start(this.#options);
      this.#proxy.retarget(this.#process.url);
      this.#changing = null;
    };
    this.#changing = changing();
    // Whoever waits for it is told.
    this.#changing.catch(() => undefined);
    return '';
  }
}
