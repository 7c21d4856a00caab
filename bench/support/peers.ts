// Who is measured: ours, and those that it is compared with, each a process of its own.
import * as v from 'valibot';
import { SOCKET_PATH } from '#domain/protocol/room.ts';
import { headersOf } from '../../collab-server/testing/world.ts';
import type { Address } from '../load/client.ts';
import { Child } from './channel.ts';
import type { Stop } from './run.ts';
import type { World } from './world.ts';

export const PEERS = {
  ours: { file: 'ours.ts', title: 'Tap Story', framing: 'hocuspocus' },
  bare: { file: 'bare.ts', title: 'bare Hocuspocus', framing: 'hocuspocus' },
  database: { file: 'database.ts', title: 'Hocuspocus + Database', framing: 'hocuspocus' },
  yWebsocket: { file: 'y-websocket.ts', title: 'y-websocket', framing: 'y-websocket' },
} as const;
export type PeerName = keyof typeof PEERS;

const usageSchema = v.object({ cpuMs: v.number() });
const stallSchema = v.object({ longestMs: v.number() });
const memorySchema = v.object({ residentBytes: v.number(), heapBytes: v.number() });
const threadsSchema = v.object({ heapBytes: v.number() });

/** A running server, ours or a peer's. */
export class Peer {
  readonly name: PeerName;
  readonly #child: Child;
  readonly #headers: Record<string, string>;

  private constructor(name: PeerName, child: Child, headers: Record<string, string>) {
    this.name = name;
    this.#child = child;
    this.#headers = headers;
  }

  static async start(
    name: PeerName,
    { url, who }: Pick<World, 'url' | 'who'>,
    { onStop, env = {} }: { onStop: (stop: Stop) => void; env?: Record<string, string> },
  ): Promise<Peer> {
    const file = new URL(`../servers/${PEERS[name].file}`, import.meta.url);
    const child = await Child.start(file, { DATABASE_URL: url, ...env });
    onStop(() => child.end());
    return new Peer(name, child, headersOf(who));
  }

  get title(): string {
    return PEERS[this.name].title;
  }

  /** Where clients find a document of that name. */
  address(document: string): Address {
    const { framing } = PEERS[this.name];
    const base = `ws://127.0.0.1:${v.parse(v.number(), this.#child.greeting)}`;
    const path = framing === 'y-websocket' ? `/${document}` : SOCKET_PATH;
    return { url: `${base}${path}`, document, framing, headers: this.#headers };
  }

  /** What the process has used since it began, all its threads. */
  usage(): Promise<v.InferOutput<typeof usageSchema>> {
    return this.#child.ask('usage', null, usageSchema);
  }

  /** How long its event loop was held up since the last time this was asked; begins to watch. */
  async longestStallMs(): Promise<number> {
    return (await this.#child.ask('stall', null, stallSchema)).longestMs;
  }

  /** Heap of its threads, bytes. What it says of resident memory is of no use from then on. */
  async threadBytes(): Promise<number> {
    return (await this.#child.ask('threads', null, threadsSchema)).heapBytes;
  }

  /** After a collection, without what threads have for themselves in their heaps. */
  memory(): Promise<v.InferOutput<typeof memorySchema>> {
    return this.#child.ask('memory', null, memorySchema);
  }

  /** Ends it at once, as kill -9 does. */
  end(): Promise<void> {
    return this.#child.end();
  }
}

/** The process that makes the load. */
export async function startLoad(onStop: (stop: Stop) => void): Promise<Child> {
  const child = await Child.start(new URL('../load/main.ts', import.meta.url));
  onStop(() => child.end());
  return child;
}
