import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { freshDatabase, type FreshDatabase } from '../../tests/harness/database.ts';
import { onePerPlan } from './plan-lock.ts';

let database: FreshDatabase;
beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database.close());

const plan = (digit: string, signal: AbortSignal = new AbortController().signal) => ({
  planSha256: digit.repeat(64),
  signal,
});

test('one plan is rendered by one at a time, others meanwhile', async () => {
  const running = new Map<string, number>();
  const most = new Map<string, number>();
  const gate = Promise.withResolvers<void>();
  const render = (name: string) => async () => {
    const now = (running.get(name) ?? 0) + 1;
    running.set(name, now);
    most.set(name, Math.max(now, most.get(name) ?? 0));
    await gate.promise;
    running.set(name, (running.get(name) ?? 0) - 1);
  };
  const all = ['a', 'a', 'a', 'b'].map((name) =>
    onePerPlan(database.url, plan(name), render(name)),
  );
  // The one of `b` and the first of `a` run, and the others of `a` are seen to wait.
  await vi.waitFor(async () => {
    const { rows } = await database.pool.query(
      `select count(*)::int as waiting from pg_locks l
       join pg_database d on d.oid = l.database and d.datname = current_database()
       where l.locktype = 'advisory' and not l.granted`,
    );
    expect([rows, running.get('a'), running.get('b')]).toEqual([[{ waiting: 2 }], 1, 1]);
  });
  gate.resolve();
  await Promise.all(all);
  expect(most).toEqual(
    new Map([
      ['a', 1],
      ['b', 1],
    ]),
  );
});

test('a rendering that fails, or loses its connection, does not lock its plan for ever', async () => {
  const failing = onePerPlan(database.url, plan('c'), () => Promise.reject(new Error('no disk')));
  await expect(failing).rejects.toThrow('no disk');
  const gate = Promise.withResolvers<void>();
  const first = onePerPlan(database.url, plan('c'), () => gate.promise);
  await vi.waitFor(async () => {
    const { rows } = await database.pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and query like '%pg_advisory_lock(hash%' and pid <> pg_backend_pid()`,
    );
    expect(rows).toHaveLength(1);
  });
  expect(await onePerPlan(database.url, plan('c'), async () => 'rendered')).toBe('rendered');
  gate.resolve();
  await first;
});

test('whoever waits for a plan and is told to stop leaves at once, and holds nothing', async () => {
  const gate = Promise.withResolvers<void>();
  const first = onePerPlan(database.url, plan('d'), () => gate.promise);
  await vi.waitFor(async () => expect(await locks('granted')).toBe(1));
  const stopping = new AbortController();
  const second = onePerPlan(database.url, plan('d', stopping.signal), () => Promise.resolve());
  await vi.waitFor(async () => expect(await locks('not granted')).toBe(1));
  stopping.abort(new Error('the worker is stopping'));
  await expect(second).rejects.toThrow('the worker is stopping');
  gate.resolve();
  await first;
  await vi.waitFor(async () => expect(await locks('true')).toBe(0));
});

/** Advisory locks in the test's database, held or waited for. */
async function locks(which: 'granted' | 'not granted' | 'true'): Promise<number> {
  const { rows } = await database.pool.query(
    `select count(*)::int as n from pg_locks l
     join pg_database d on d.oid = l.database and d.datname = current_database()
     where l.locktype = 'advisory' and ${which}`,
  );
  return rows[0].n;
}
