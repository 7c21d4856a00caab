// The worker as a process: what it does from end to end, and what is left when it is killed.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readlink, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { NoticeListener } from '#backend/postgres/notices.ts';
import type { ProgressNotice } from '#domain/protocol/room.ts';
import { freshDatabase, type FreshDatabase } from '../tests/harness/database.ts';
import { wavFile } from './testing/files.ts';
import { babble } from './testing/signals.ts';
import { LINK_SECRET, openStory, type TestStory } from './testing/story.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
const SECOND = 48_000;

let database: FreshDatabase;
let story: TestStory;
let tmp: string;
let progress: ProgressNotice[];
let listener: NoticeListener;
const workers: ChildProcess[] = [];

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
  for (const worker of workers.splice(0)) {
    if (worker.exitCode === null && worker.signalCode === null) {
      worker.kill('SIGKILL');
      await once(worker, 'exit');
    }
  }
  await listener.close();
  await story.close();
  await database.close();
});

async function startWorker(): Promise<{ worker: ChildProcess; port: number }> {
  const worker = spawn(process.execPath, [MAIN], {
    env: {
      PATH: process.env['PATH'],
      TMPDIR: tmp,
      DATABASE_URL: database.url,
      DATA_DIR: story.dataDir,
      LINK_SECRET,
      WORKER_PORT: '0',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  workers.push(worker);
  if (worker.stdout === null) throw new Error('no output');
  const lines = createInterface({ input: worker.stdout });
  for await (const line of lines) {
    const { msg, port }: { msg?: string; port?: number } = JSON.parse(line);
    if (msg !== 'listening' || port === undefined) continue;
    worker.stdout.resume();
    return { worker, port };
  }
  throw new Error('the worker ended before it listened');
}

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

/** Processes whose working directory lies under a folder: what a job has running (Linux). */
async function runningIn(folder: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/u.test(name));
  const cwds = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => '')));
  return pids.filter((_, index) => cwds[index]?.startsWith(folder));
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
  await vi.waitFor(async () => expect(await rowsOf(takeId)).toEqual(MIXED), { timeout: 120_000 });
  expect(await readdir(tmp)).toEqual([]);
}, 300_000);

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
  expect(await readdir(tmp)).toEqual([]);
  expect(await rowsOf(takeId)).toMatchObject({ status: 'processing', events: ['published'] });
  await rename(away, store);
  await vi.waitFor(async () => expect(await rowsOf(takeId)).toEqual(MIXED), { timeout: 120_000 });
  expect((await fetch(`http://127.0.0.1:${port}/health/ready`)).status).toBe(200);
  expect(await readdir(tmp)).toEqual([]);
}, 300_000);

test('a take whose original is lost fails once all tries are spent, and not before', async () => {
  const { takeId } = await story.publish(wavFile(babble(3, SECOND)));
  const { rows } = await database.pool.query(
    `select object_key from uploads where id = (select upload_id from takes where id = $1)`,
    [takeId],
  );
  await story.objects.delete(rows[0].object_key);
  // All tries would take ten minutes; three are enough to see that they are spent first.
  await database.pool.query(
    `update pgboss.job set retry_limit = 3 where name = 'take.ingest' and data->>'takeId' = $1`,
    [takeId],
  );
  await startWorker();
  const failed = { status: 'failed', mixes: 0, events: ['published', 'failed'] };
  await vi.waitFor(async () => expect(await rowsOf(takeId)).toEqual(failed), {
    timeout: 80_000,
    interval: 250,
  });
  const jobs = await database.pool.query(
    `select retry_count from pgboss.job where name = 'take.ingest' and data->>'takeId' = $1`,
    [takeId],
  );
  expect(jobs.rows).toEqual([{ retry_count: 3 }]);
}, 120_000);
