// How a server of a measurement is reached, and what it says of itself.
import { createServer, type Server } from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Worker } from 'node:worker_threads';
import nodeAdapter from 'crossws/adapters/node';
import type { Peer } from 'crossws';
import type { Hocuspocus, WebSocketLike } from '@hocuspocus/server';
import { answerParent } from '../support/channel.ts';

/** How often the event loop is looked at, milliseconds. */
const LOOK_MS = 1;
/** Rounds of collecting: finalizers of one free what the next finds. */
const COLLECTIONS = 3;

/** Threads of this process: what they hold is not in the process' own heap. */
const threads = new Set<Worker>();
process.on('worker', (thread) => {
  threads.add(thread);
  thread.once('exit', () => threads.delete(thread));
});

/** Tells the parent the port, and what the process costs when it is asked. */
export function reportOn(port: number): void {
  const loop = monitorEventLoopDelay({ resolution: LOOK_MS });
  answerParent(port, {
    usage: () => {
      const { user, system } = process.cpuUsage();
      return { cpuMs: (user + system) / 1_000 };
    },
    stall: () => {
      const longestMs = loop.max / 1e6;
      loop.reset();
      loop.enable();
      return { longestMs };
    },
    memory: async () => {
      for (let n = 0; n < COLLECTIONS; n += 1) {
        globalThis.gc?.();
        await new Promise((resolve) => setImmediate(resolve));
      }
      const { rss, heapUsed, external } = process.memoryUsage();
      return { residentBytes: rss, heapBytes: heapUsed + external };
    },
    threads: async () => {
      let heapBytes = 0;
      for (const thread of threads) heapBytes += await heapOf(thread);
      return { heapBytes };
    },
  });
}

/** What a thread holds; a snapshot of it collects first, and leaves much behind in the process. */
async function heapOf(thread: Worker): Promise<number> {
  (await thread.getHeapSnapshot()).destroy();
  const { used_heap_size: used, external_memory: external } = await thread.getHeapStatistics();
  return used + external;
}

/** Serves Hocuspocus as its own documentation does, with crossws. */
export function serveHocuspocus(hocuspocus: Hocuspocus): void {
  const open = new WeakMap<Peer, ReturnType<Hocuspocus['handleConnection']>>();
  const sockets = nodeAdapter({
    hooks: {
      open: (peer) => {
        const socket = peer.websocket as WebSocketLike;
        open.set(peer, hocuspocus.handleConnection(socket, peer.request));
      },
      message: (peer, message) => open.get(peer)?.handleMessage(message.uint8Array()),
      close: (peer, { code = 1006, reason = '' }) => open.get(peer)?.handleClose({ code, reason }),
    },
  });
  const http = createServer();
  http.on('upgrade', (request, socket, head) => void sockets.handleUpgrade(request, socket, head));
  listen(http);
}

/** Takes a free port and reports it. */
export function listen(http: Server): void {
  http.listen(0, '127.0.0.1', () => {
    const address = http.address();
    if (address === null || typeof address === 'string') throw new Error('not listening on TCP');
    reportOn(address.port);
  });
}
