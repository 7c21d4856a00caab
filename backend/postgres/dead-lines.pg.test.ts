// Connections to Postgres that lead nowhere: nobody says so, they just stay silent.
import { connect, createServer, type AddressInfo } from 'node:net';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { freshDatabase, type FreshDatabase } from '../../tests/harness/database.ts';
import { startTcpProxy, type TcpProxy } from '../../tests/harness/tcp-proxy.ts';
import { openDatabase } from './database.ts';
import { notify, NoticeListener } from './notices.ts';

const PATIENCE = { timeout: 60_000, interval: 20 };

let fresh: FreshDatabase;
let proxy: TcpProxy;

beforeAll(async () => {
  fresh = await freshDatabase();
  proxy = await startTcpProxy(fresh.url);
});

afterAll(async () => {
  await proxy.close();
  await fresh.close();
});

test('a pool gives them up, and has as many connections to give as before', async () => {
  const handle = openDatabase(proxy.through(fresh.url), {
    log: fresh.log,
    max: 1,
    statementTimeoutMs: 500,
  });
  const { db } = handle;
  const one = sql`select 1`;
  await db.execute(one);
  proxy.strand();
  await expect(db.execute(one)).rejects.toThrow('Failed query');
  await db.execute(one);
  proxy.strand();
  await expect(db.transaction((tx) => tx.execute(one))).rejects.toThrow('Failed query');
  // The only connection there may be is free again, though nobody handed it back.
  await vi.waitFor(() => db.transaction((tx) => tx.execute(one)), PATIENCE);
  await handle.close();
});

test('a listener finds out, and hears again', async () => {
  const heard: string[] = [];
  let connects = 0;
  const listener = new NoticeListener(
    proxy.through(fresh.url),
    { session_revoked: ({ sessionIds }) => heard.push(...sessionIds) },
    { log: fresh.log, askEveryMs: 500, onConnected: () => (connects += 1) },
  );
  await vi.waitFor(() => expect(connects).toBe(1), PATIENCE);
  proxy.strand();
  await vi.waitFor(() => expect(connects).toBeGreaterThan(1), PATIENCE);
  await notify(fresh.db, 'session_revoked', { sessionIds: ['one'] });
  await vi.waitFor(() => expect(heard).toEqual(['one']), PATIENCE);
  await listener.close();
});

/** Passes everything on, but of the first connection nothing from its LISTEN on. */
async function startDeafTo(url: string) {
  const { hostname, port } = new URL(url);
  let isDeaf = false;
  let connections = 0;
  const server = createServer((from) => {
    const to = connect(Number(port), hostname);
    const isFirst = (connections += 1) === 1;
    for (const end of [from, to]) end.on('error', () => undefined);
    to.pipe(from);
    to.on('close', () => from.destroy());
    from.on('close', () => to.destroy());
    from.on('data', (bytes) => {
      if (isFirst && bytes.includes('listen ')) isDeaf = true;
      if (!isFirst || !isDeaf) to.write(bytes);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address() as AddressInfo;
  return {
    url: Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(address.port) }).href,
    connections: () => connections,
    close: () => server.close(),
  };
}

test('a listener whose LISTEN is not answered tries another connection', async () => {
  const line = await startDeafTo(fresh.url);
  const listener = new NoticeListener(
    line.url,
    { session_revoked: () => undefined },
    { log: fresh.log, askEveryMs: 500 },
  );
  await listener.ready;
  expect(line.connections()).toBeGreaterThan(1);
  await listener.close();
  line.close();
});
