// Collab-servers of a fuzzed story, at addresses that outlive them.
import { serve, type TestDatabase, type TestServer } from '../../collab-server/testing/world.ts';
import { startTcpProxy, type TcpProxy } from '../harness/tcp-proxy.ts';

export class FuzzNode {
  readonly url: string;
  readonly #fresh: TestDatabase;
  readonly #proxy: TcpProxy;
  #server: TestServer;

  private constructor(fresh: TestDatabase, proxy: TcpProxy, server: TestServer) {
    this.#fresh = fresh;
    this.#proxy = proxy;
    this.#server = server;
    this.url = proxy.through(server.url).replace(/\/$/u, '');
  }

  static async start(fresh: TestDatabase): Promise<FuzzNode> {
    const server = await serve(fresh, { warmMs: 50 });
    return new FuzzNode(fresh, await startTcpProxy(server.url), server);
  }

  async restart(): Promise<void> {
    await this.#server.stopAll();
    this.#server = await serve(this.#fresh, { warmMs: 50 });
    this.#proxy.retarget(this.#server.url);
  }

  /** Resets every socket, as a network does. */
  drop(): void {
    this.#proxy.cut();
    this.#proxy.heal();
  }

  async stop(): Promise<void> {
    await this.#proxy.close();
    await this.#server.stopAll();
  }
}
