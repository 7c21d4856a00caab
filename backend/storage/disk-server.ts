// A plain HTTP server in front of the disk store, for tests: the part that the web process plays.
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { bodyStream } from './body-stream.ts';
import { DiskLinks } from './disk-links.ts';
import { serveDiskObject, type DiskHttp } from './disk-http.ts';
import { DiskStore } from './disk.ts';

export interface DiskPeer extends DiskHttp {
  readonly root: string;
  readonly origin: string;
  /** Stops the server and removes the files. */
  close(): Promise<void>;
}

/** A disk store in a folder of its own, whose links are answered on 127.0.0.1. */
export async function startDiskPeer(
  options: { maxPartBytes?: number; now?: () => number } = {},
): Promise<DiskPeer> {
  const root = await mkdtemp(join(tmpdir(), 'tap-objects-'));
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const origin = `http://127.0.0.1:${address.port}`;
  const { now } = options;
  const links = new DiskLinks({ origin, secret: 's'.repeat(32), ...(now && { now }) });
  const http: DiskHttp = {
    store: new DiskStore(root, links),
    links,
    ...(options.maxPartBytes !== undefined && { maxPartBytes: options.maxPartBytes }),
  };
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    answer(request, response, { http, origin }).catch(() => response.destroy());
  });
  return {
    ...http,
    root,
    origin,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}

async function answer(
  message: IncomingMessage,
  response: ServerResponse,
  { http, origin }: { http: DiskHttp; origin: string },
): Promise<void> {
  const headers = Object.entries(message.headers).map(([name, value]): [string, string] => [
    name,
    String(value),
  ]);
  const withBody = message.method === 'PUT' || message.method === 'POST';
  const request = new Request(new URL(message.url ?? '/', origin), {
    method: message.method ?? 'GET',
    headers,
    ...(withBody && { body: bodyStream(message), duplex: 'half' }),
  });
  const result = await serveDiskObject(request, http);
  response.writeHead(result.status, Object.fromEntries(result.headers));
  if (result.body === null) response.end();
  else await pipeline(Readable.from(result.body), response);
}
