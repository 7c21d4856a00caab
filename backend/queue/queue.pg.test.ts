import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { takeId, type TakeId } from '#domain/story/ids.ts';
import { freshDatabase, type FreshDatabase } from '../../tests/harness/database.ts';
import { openQueue, type Queue } from './queue.ts';

let fresh: FreshDatabase;
const open: Queue[] = [];

beforeAll(async () => {
  fresh = await freshDatabase();
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((queue) => queue.stop()));
});

afterAll(() => fresh.close());

async function queueOn(): Promise<Queue> {
  const queue = await openQueue(fresh.url, { log: fresh.log });
  open.push(queue);
  return queue;
}

const someTake = (): TakeId => takeId(randomUUID());

describe('a job', () => {
  test('runs once its transaction has committed, and never if that rolls back', async () => {
    const queue = await queueOn();
    const seen: TakeId[] = [];
    await queue.work('take.ingest', { concurrency: 1 }, async (payload) => {
      seen.push(payload.takeId);
    });
    const [kept, dropped] = [someTake(), someTake()];
    await expect(
      fresh.db.transaction(async (tx) => {
        await queue.send('take.ingest', { takeId: dropped }, tx);
        throw new Error('changed my mind');
      }),
    ).rejects.toThrow('changed my mind');
    await fresh.db.transaction(async (tx) => {
      await queue.send('take.ingest', { takeId: kept }, tx);
      expect(seen).toEqual([]);
    });
    await vi.waitFor(() => expect(seen).toEqual([kept]), 30_000);
  });

  test('is picked up by NOTIFY, well before the next poll', async () => {
    const queue = await queueOn();
    const waits: number[] = [];
    let sentAt = 0;
    await queue.work('take.render', { concurrency: 1 }, async () => {
      waits.push(performance.now() - sentAt);
    });
    for (let round = 1; round <= 8; round += 1) {
      sentAt = performance.now();
      await queue.send('take.render', { takeId: someTake() }, fresh.db);
      await vi.waitFor(() => expect(waits).toHaveLength(round), { timeout: 30_000, interval: 5 });
    }
    // Polls are a second apart, and each job is sent just after one: without NOTIFY it would wait
    // nearly all of it. A busy machine may hold up some.
    expect(waits.filter((wait) => wait < 500).length).toBeGreaterThanOrEqual(4);
  });

  test('runs although Postgres has dropped every connection of the queue', async () => {
    const queue = await queueOn();
    const seen: TakeId[] = [];
    await queue.work('take.ingest', { concurrency: 1 }, async (payload) => {
      seen.push(payload.takeId);
    });
    await fresh.pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid()`,
    );
    const id = someTake();
    await vi.waitFor(() => queue.send('take.ingest', { takeId: id }, fresh.db), 30_000);
    await vi.waitFor(() => expect(seen).toContain(id), 30_000);
  });

  test('with a payload that its schema refuses is not sent', async () => {
    const queue = await queueOn();
    const payload = { takeId: 'not an id' } as unknown as { takeId: TakeId };
    await expect(queue.send('take.ingest', payload, fresh.db)).rejects.toThrow(/uuid/iu);
  });

  test('can be sent a thousand at a time, and each is run', async () => {
    const queue = await queueOn();
    const ids = Array.from({ length: 1_000 }, () => randomUUID());
    await queue.sendMany('alert.deliver', [], fresh.db);
    await queue.sendMany(
      'alert.deliver',
      ids.map((notificationId) => ({ notificationId })),
      fresh.db,
    );
    const { rows } = await fresh.pool.query<{ count: number }>(
      `select count(*)::int as count from pgboss.job where name = 'alert.deliver' and state = 'created'`,
    );
    expect(rows[0]?.count).toBe(1_000);
    await fresh.pool.query(`delete from pgboss.job where name = 'alert.deliver'`);
  });
});

describe('a job that fails', () => {
  test('is tried again, further and further apart, then told to be dead', async () => {
    const queue = await queueOn();
    const at: number[] = [];
    const buried: TakeId[] = [];
    const job = { takeId: someTake() };
    await queue.work(
      'take.ingest',
      { concurrency: 1, onDead: async (payload) => void buried.push(payload.takeId) },
      async () => {
        at.push(performance.now());
        throw new Error('no such luck');
      },
    );
    await fresh.db.transaction(async (tx) => {
      await queue.send('take.ingest', job, tx);
      // All of them would take ten minutes.
      await tx.execute(sql`update pgboss.job set retry_limit = 3 where state = 'created'`);
    });
    await vi.waitFor(() => expect(buried).toEqual([job.takeId]), 55_000);
    expect(at).toHaveLength(4);
    const letter = (await queue.deadLetters()).find((dead) => dead.name === 'take.ingest');
    expect(letter?.payload).toEqual(job);
    expect(JSON.stringify(letter?.error)).toContain('no such luck');
  });

  test('is not given up before ten minutes or so, its tries up to a minute apart', async () => {
    const queue = await queueOn();
    await queue.send('take.ingest', { takeId: someTake() }, fresh.db);
    const { rows } = await fresh.pool.query(
      `delete from pgboss.job where state = 'created'
       returning retry_limit as retries, retry_backoff as backoff, retry_delay_max as most`,
    );
    expect(rows).toEqual([{ retries: 14, backoff: true, most: 60 }]);
  });

  test('keeps no other job waiting', async () => {
    const queue = await queueOn();
    const done: TakeId[] = [];
    const [bad, good] = [someTake(), someTake()];
    await queue.work('take.render', { concurrency: 1 }, async ({ takeId: id }) => {
      if (id === bad) throw new Error('poisoned');
      done.push(id);
    });
    await queue.send('take.render', { takeId: bad }, fresh.db);
    await queue.send('take.render', { takeId: good }, fresh.db);
    await vi.waitFor(() => expect(done).toEqual([good]), 30_000);
  });
});

describe('two processes', () => {
  test('may open the queue on an empty database at the same moment', async () => {
    const empty = await freshDatabase();
    const queues = await Promise.all([1, 2, 3].map(() => openQueue(empty.url, { log: empty.log })));
    const ran: TakeId[] = [];
    for (const queue of queues) {
      await queue.work('take.ingest', { concurrency: 2 }, async (payload) => {
        ran.push(payload.takeId);
      });
    }
    const ids = Array.from({ length: 30 }, someTake);
    for (const id of ids) await queues[0]?.send('take.ingest', { takeId: id }, empty.db);
    await vi.waitFor(() => expect(ran).toHaveLength(30), 30_000);
    expect(new Set(ran)).toEqual(new Set(ids));
    await Promise.all(queues.map((queue) => queue.stop()));
    await empty.close();
  });

  test('share the fate of a job: what a stopping worker leaves, another finishes', async () => {
    const first = await queueOn();
    const second = await queueOn();
    const job = { takeId: someTake() };
    const started = Promise.withResolvers<void>();
    const aborted = Promise.withResolvers<void>();
    await first.work('take.render', { concurrency: 1 }, async (_payload, { signal }) => {
      started.resolve();
      await once(signal, 'abort');
      aborted.resolve();
      throw new Error('interrupted');
    });
    await first.send('take.render', job, fresh.db);
    await started.promise;
    const done: TakeId[] = [];
    await second.work('take.render', { concurrency: 1 }, async (payload) => {
      done.push(payload.takeId);
    });
    await first.stop();
    await aborted.promise;
    await vi.waitFor(() => expect(done).toContain(job.takeId), 30_000);
  });

  test('share it within a minute even if one is killed in the middle', async () => {
    const survivor = await queueOn();
    const job = { takeId: someTake() };
    const code = `
      const { openQueue } = await import('#backend/queue/queue.ts');
      const { createLogger } = await import('#backend/log.ts');
      const queue = await openQueue(${JSON.stringify(fresh.url)}, { log: createLogger('t', 'silent') });
      await queue.work('take.ingest', { concurrency: 1 }, (payload) => {
        if (payload.takeId === '${job.takeId}') process.stdout.write('started');
        return new Promise(() => {});
      });
      setInterval(() => {}, 1_000);`;
    const worker = spawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      await survivor.send('take.ingest', job, fresh.db);
      await once(worker.stdout, 'data');
    } finally {
      worker.kill('SIGKILL');
    }
    await once(worker, 'exit');
    const done: TakeId[] = [];
    await survivor.work('take.ingest', { concurrency: 1 }, async (payload) => {
      done.push(payload.takeId);
    });
    await vi.waitFor(() => expect(done).toContain(job.takeId), 58_000);
    expect(done.filter((id) => id === job.takeId)).toHaveLength(1);
  }, 90_000);
});
