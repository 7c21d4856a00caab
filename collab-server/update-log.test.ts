import { describe, expect, test } from 'vitest';
import { createLogger } from '#backend/log.ts';
import type { NewUpdate } from '#backend/postgres/documents.ts';
import { UpdateLog } from './update-log.ts';

const log = createLogger('test', 'silent');
const bytes = (...values: number[]) => new Uint8Array(values);

/** A store whose commits end when the test says so. */
function slowStore() {
  const commits: { group: readonly NewUpdate[]; succeed(): void; fail(): void }[] = [];
  const arrivals: (() => void)[] = [];
  const append = (group: readonly NewUpdate[]) => {
    const done = Promise.withResolvers<void>();
    commits.push({
      group,
      succeed: done.resolve,
      fail: () => done.reject(new Error('Postgres is away')),
    });
    for (const arrived of arrivals.splice(0)) arrived();
    return done.promise;
  };
  const nth = async (n: number) => {
    while (commits.length <= n) await new Promise<void>((resolve) => arrivals.push(resolve));
    const commit = commits[n];
    if (commit === undefined) throw new Error('no such commit');
    return commit;
  };
  return { append, nth, commits };
}

describe('the update log', () => {
  test('commits what came in one turn as one group, and what came meanwhile as the next', async () => {
    const store = slowStore();
    const updates = new UpdateLog({ append: store.append, log });
    updates.append('a', bytes(1));
    updates.append('b', bytes(2));
    const first = await store.nth(0);
    updates.append('a', bytes(3));
    updates.append('a', bytes(4));
    expect(first.group.map(({ update }) => update[0])).toEqual([1, 2]);
    first.succeed();
    const second = await store.nth(1);
    expect(second.group.map(({ update }) => update[0])).toEqual([3, 4]);
    second.succeed();
    await updates.drain();
    expect(store.commits).toHaveLength(2);
  });

  test('runs what waits for a document once its newest update is committed, and not before', async () => {
    const store = slowStore();
    const updates = new UpdateLog({ append: store.append, log });
    const ran: string[] = [];
    updates.afterCommit('a', () => ran.push('nothing to wait for'));
    expect(ran).toEqual(['nothing to wait for']);
    updates.append('a', bytes(1));
    const first = await store.nth(0);
    updates.append('a', bytes(2));
    updates.afterCommit('a', () => ran.push('a'));
    updates.afterCommit('b', () => ran.push('b, which has nothing'));
    first.succeed();
    const second = await store.nth(1);
    expect(ran).toEqual(['nothing to wait for', 'b, which has nothing']);
    expect(updates.isPending('a')).toBe(true);
    second.succeed();
    await updates.drain();
    expect(ran.at(-1)).toBe('a');
    expect(updates.isPending('a')).toBe(false);
  });

  test('tries a failed group again, with growing waits, until it is committed', async () => {
    const store = slowStore();
    const waits: number[] = [];
    const sleep = async (ms: number) => void waits.push(ms);
    const updates = new UpdateLog({ append: store.append, log, sleep });
    let saved = false;
    updates.append('a', bytes(1));
    updates.afterCommit('a', () => {
      saved = true;
    });
    for (let n = 0; n < 8; n += 1) {
      const attempt = await store.nth(n);
      expect(attempt.group.map(({ update }) => update[0])).toEqual([1]);
      attempt.fail();
    }
    expect(saved).toBe(false);
    (await store.nth(8)).succeed();
    await updates.drain();
    expect(saved).toBe(true);
    expect(waits).toEqual([50, 100, 250, 500, 1_000, 2_000, 2_000, 2_000]);
  });

  test('tells which documents are settled, and survives a listener that throws', async () => {
    const store = slowStore();
    const settled: string[][] = [];
    const onSettled = (documents: ReadonlySet<string>) => void settled.push([...documents]);
    const updates = new UpdateLog({ append: store.append, log, onSettled });
    updates.append('a', bytes(1));
    updates.append('b', bytes(1));
    updates.afterCommit('a', () => {
      throw new Error('broken');
    });
    const first = await store.nth(0);
    updates.append('b', bytes(2));
    first.succeed();
    (await store.nth(1)).succeed();
    await updates.drain();
    expect(settled).toEqual([['a'], ['b']]);
  });

  test('is full while more than 64 MB wait, and takes them in groups of 4 MB', async () => {
    const store = slowStore();
    const updates = new UpdateLog({ append: store.append, log });
    const megabyte = new Uint8Array(1024 * 1024);
    for (let n = 0; n < 64; n += 1) updates.append('a', megabyte);
    expect(updates.isFull).toBe(false);
    updates.append('a', bytes(1));
    expect(updates.isFull).toBe(true);
    for (let n = 0; updates.isPending('a'); n += 1) {
      const commit = await store.nth(n);
      expect(commit.group.length).toBeLessThanOrEqual(5);
      commit.succeed();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(updates.isFull).toBe(false);
  });
});
