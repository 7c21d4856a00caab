// The worker as a process: what it does from end to end, and what is left when it is killed.
import { once } from 'node:events';
import { mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { NoticeListener } from '#backend/postgres/notices.ts';
import type { ProgressNotice } from '#domain/protocol/room.ts';
import { freshDatabase, type FreshDatabase } from '../tests/harness/database.ts';
import { wavFile } from './testing/files.ts';
import { babble } from './testing/signals.ts';
import { openStory, type TestStory } from './testing/story.ts';
import { runningIn, WorkerProcesses } from './testing/worker-process.ts';

const SECOND = 48_000;

let database: FreshDatabase;
let story: TestStory;
let tmp: string;
let progress: ProgressNotice[];
let listener: NoticeListener;
const workers = new WorkerProcesses();

beforeEach(async () => {
  database = await freshDatabase();
  story = await openStory(database);
  tmp = join(story.dataDir, 'tmp');
  await mkdir(tmp);
  progress = [];
  const handlers = {
    take_progress: ({ notice }: { notice: ProgressNotice }) => progress.push(notice),
  };
  listener = new NoticeListener(database.url, handlers, { log: database.log });
  await listener.ready;
});

afterEach(async () => {
  await workers.kill();
  await listener.close();
  await story.close();
  await database.close();
});

const startWorker = () => workers.start(story, tmp);

async function rowsOf(takeId: string) {
  const { rows } = await database.pool.query(
    `select status, (select count(*)::int from mixes where take_id = $1) as mixes,
            (select array_agg(kind order by revision) from story_events where take_id = $1) as events
     from takes where id = $1`,
    [takeId],
  );
  return rows[0];
}

/** How often its ingest has been tried again so far. */
async function attemptsAt(takeId: string): Promise<number> {
  const { rows } = await database.pool.query(
    `select retry_count as n from pgboss.job where name = 'take.ingest' and data->>'takeId' = $1`,
    [takeId],
  );
  return rows[0]?.n ?? 0;
}

const MIXED = { status: 'ready', mixes: 1, events: ['published', 'ingested', 'mixed'] };

test('takes are ingested and rendered, with progress told, and SIGTERM ends it in order', async () => {
  const { worker, port } = await startWorker();
  const ready = await fetch(`http://127.0.0.1:${port}/health/ready`);
  expect(ready.status).toBe(200);
  const { takeId } = await story.publish(wavFile(babble(1, 20 * SECOND)));
  await vi.waitFor(async () => expect(await rowsOf(takeId)).toEqual(MIXED), { timeout: 120_000 });
  await vi.waitFor(
    () =>
      expect(new Set(progress.map(({ stage }) => stage))).toEqual(new Set(['ingest', 'render'])),
    { timeout: 30_000 },
  );
  worker.kill('SIGTERM');
  const [code] = await once(worker, 'exit');
  expect(code).toBe(0);
  expect(await readdir(tmp)).toEqual([]);
}, 300_000);

test('a worker killed in mid-render leaves nothing running, and another finishes its job', async () => {
  const first = await startWorker();
  const { takeId } = await story.publish(wavFile(babble(2, 240 * SECOND)));
  await vi.waitFor(
    () => expect(progress.some(({ stage, done }) => stage === 'render' && done < 1)).toBe(true),
    { timeout: 120_000, interval: 20 },
  );
  expect(await runningIn(tmp)).not.toEqual([]);
  first.worker.kill('SIGKILL');
  await once(first.worker, 'exit');
  await vi.waitFor(async () => expect(await runningIn(tmp)).toEqual([]), { timeout: 20_000 });
  expect(await rowsOf(takeId)).toMatchObject({ status: 'ready', mixes: 0 });
  await startWorker();
  await vi.waitFor(async () => expect(await rowsOf(takeId)).toEqual(MIXED), { timeout: 300_000 });
  expect(await readdir(tmp)).toEqual([]);
}, 600_000);

test('a take that meets a store that is away and a Postgres that drops it is late, and nothing else', async () => {
  const { takeId } = await story.publish(wavFile(babble(4, 3 * SECOND)));
  const [store, away] = [join(story.dataDir, 'objects'), join(story.dataDir, 'away')];
  await rename(store, away);
  const { port } = await startWorker();
  await vi.waitFor(async () => expect(await attemptsAt(takeId)).toBeGreaterThan(1), {
    timeout: 60_000,
  });
  // And Postgres drops everybody, as when it starts again.
  await database.pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid()`,
  );
  // An attempt may be under way just now.
  await vi.waitFor(async () => expect(await readdir(tmp)).toEqual([]), { timeout: 60_000 });
  expect(await rowsOf(takeId)).toMatchObject({ status: 'processing', events: ['published'] });
  await rename(away, store);
  await vi.waitFor(async () => expect(await rowsOf(takeId)).toEqual(MIXED), { timeout: 120_000 });
  expect((await fetch(`http://127.0.0.1:${port}/health/ready`)).status).toBe(200);
  await vi.waitFor(async () => expect(await readdir(tmp)).toEqual([]), { timeout: 60_000 });
}, 300_000);

test('a take whose tries are spent is tried again later, and has failed after a day', async () => {
  const { takeId } = await story.publish(wavFile(babble(3, SECOND)));
  const { rows } = await database.pool.query(
    `select object_key from uploads where id = (select upload_id from takes where id = $1)`,
    [takeId],
  );
  await story.objects.delete(rows[0].object_key);
  // All tries would take ten minutes; one more is enough to see that they are spent first.
  const spend = async () => {
    await database.pool.query(
      `update pgboss.job set retry_limit = 1, start_after = now()
       where name = 'take.ingest' and data->>'takeId' = $1 and state = 'created'`,
      [takeId],
    );
  };
  await spend();
  await startWorker();
  await vi.waitFor(async () => expect(await ingestsOf(takeId)).toEqual(['failed', 'created']), {
    timeout: 80_000,
    interval: 250,
  });
  expect(await rowsOf(takeId)).toMatchObject({ status: 'processing', events: ['published'] });
  await database.pool.query(
    `update pgboss.job set data = jsonb_set(data, '{deadSinceMs}', to_jsonb($2::bigint))
     where name = 'take.ingest' and data->>'takeId' = $1 and state = 'created'`,
    [takeId, Date.now() - 25 * 3_600_000],
  );
  await spend();
  const failed = { status: 'failed', mixes: 0, events: ['published', 'failed'] };
  await vi.waitFor(async () => expect(await rowsOf(takeId)).toEqual(failed), {
    timeout: 80_000,
    interval: 250,
  });
  expect(await ingestsOf(takeId)).toEqual(['failed', 'failed']);
}, 300_000);

/** What became of each of its ingests, the first one first. */
async function ingestsOf(takeId: string): Promise<string[]> {
  const { rows } = await database.pool.query(
    `select state from pgboss.job where name = 'take.ingest' and data->>'takeId' = $1
     order by created_on`,
    [takeId],
  );
  return rows.map(({ state }) => state);
}
