// Connections to Postgres that lead nowhere: nobody says so, they just stay silent.
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
