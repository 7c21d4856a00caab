// Whether this worker lives, and whether it can work: for supervisors and load balancers.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sql } from 'drizzle-orm';
import type { Database } from '#backend/postgres/database.ts';

export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Serves `/health/live` and `/health/ready`; ready means that Postgres answers. */
export async function serveHealth(
  db: Database,
  { host, port }: { host: string; port: number },
): Promise<HealthServer> {
  const server = createServer((request, response) => void answer(db, request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return { port: portOf(server), close: () => close(server) };
}

async function answer(
  db: Database,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const status = await statusOf(db, request.url ?? '');
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify({ status: status === 200 ? 'ok' : 'unavailable' }));
}

async function statusOf(db: Database, path: string): Promise<number> {
  if (path === '/health/live') return 200;
  if (path !== '/health/ready') return 404;
  try {
    await db.execute(sql`select 1`);
    return 200;
  } catch {
    return 503;
  }
}

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function close(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
