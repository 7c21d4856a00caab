// How many takes a minute become mixes with one worker process and with two, and what each costs,
// beside the bare ffmpeg command as often and by as many: `node bench/mixes.bench.ts`.
//
// From the moment the last take is published until the last one is mixed. Workers are processes as
// in production, with one slot for a person's ingests and one for their renders; their CPU seconds
// are theirs and those of everything they started.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Pool } from 'pg';
import { createLogger } from '#backend/log.ts';
import { openDatabase } from '#backend/postgres/database.ts';
import type { Tool } from '../media-worker/ffmpeg/run.ts';
import { removeStaleJobFolders, withJobFolder } from '../media-worker/job-folder.ts';
import { LINK_SECRET, openStory, type TestStory } from '../media-worker/testing/story.ts';
import { anyTool } from '../media-worker/testing/tools.ts';
import { copyTemplate, dropCopy, startTestPostgres } from '../tests/harness/postgres.ts';
import { cpuSeconds } from './support/cost.ts';
import { setting } from './support/options.ts';
import { report } from './support/report.ts';
import { runBench, type Stop } from './support/run.ts';
import { rounded } from './support/statistics.ts';
import { anotherTake, makeMaterial, plantPath, runBare, type Material } from './support/takes.ts';

const TAKES = setting(12, 2);
const WORKERS = [1, 2] as const;
const MAIN = fileURLToPath(new URL('../media-worker/main.ts', import.meta.url));
const GOAL_RATIO = 1.5;
const LOOK_MS = 50;

interface Measured {
  readonly perMinute: number;
  readonly cpuSeconds: number;
}

async function startWorker(url: string, dataDir: string): Promise<ChildProcess> {
  const worker = spawn(process.execPath, [MAIN], {
    env: {
      PATH: process.env['PATH'],
      DATABASE_URL: url,
      DATA_DIR: dataDir,
      LINK_SECRET,
      WORKER_PORT: '0',
      WORKER_CONCURRENCY: '1',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: worker.stdout })) {
    const { msg }: { msg?: string } = JSON.parse(line);
    if (msg !== 'listening') continue;
    worker.stdout.resume();
    return worker;
  }
  throw new Error('a worker ended before it listened');
}

async function mixedOf(pool: Pool): Promise<number> {
  const { rows } = await pool.query(`select count(distinct take_id)::int as mixed from mixes`);
  return rows[0].mixed;
}

/** Publishes every upload over one parent, and waits until so many workers have mixed them. */
async function measureOurs(
  { pool, story, url }: { pool: Pool; story: TestStory; url: string },
  material: readonly Material[],
  { workers: count, onStop }: { workers: number; onStop: (stop: Stop) => void },
): Promise<Measured> {
  // Equal plans share their packs, so each run is to render its own.
  await pool.query('delete from mixes');
  const stem = material[0]?.stem ?? Buffer.alloc(0);
  const parent = await plantPath(pool, story, { seconds: 600, stem });
  const workers = await Promise.all(
    Array.from({ length: count }, () => startWorker(url, story.dataDir)),
  );
  onStop(() => workers.forEach((worker) => worker.kill('SIGKILL')));
  const cpu = async (): Promise<number> => {
    const each = await Promise.all(workers.map((worker) => cpuSeconds(worker.pid)));
    return each.reduce((sum, seconds) => sum + seconds, 0);
  };
  const cpuBefore = await cpu();
  for (const { upload } of material) await story.publish(upload, parent);
  const startedAt = performance.now();
  while ((await mixedOf(pool)) < material.length) await delay(LOOK_MS);
  const minutes = (performance.now() - startedAt) / 60_000;
  const spent = (await cpu()) - cpuBefore;
  for (const worker of workers) {
    worker.kill('SIGTERM');
    if (worker.exitCode === null) await once(worker, 'exit');
  }
  return { perMinute: material.length / minutes, cpuSeconds: spent / material.length };
}

/** The bare command for every upload, so many at a time. */
async function measureBare(
  tool: Tool,
  material: readonly Material[],
  count: number,
): Promise<Measured> {
  const [cpuBefore, startedAt] = [await cpuSeconds(), performance.now()];
  const waiting = [...material];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      await runBare(tool, next);
    }
  };
  await Promise.all(Array.from({ length: count }, work));
  const minutes = (performance.now() - startedAt) / 60_000;
  const spent = (await cpuSeconds()) - cpuBefore;
  return { perMinute: material.length / minutes, cpuSeconds: spent / material.length };
}

await runBench(async (onStop) => {
  const log = createLogger('bench', 'warn');
  const server = await startTestPostgres(log);
  onStop(() => server.stop());
  onStop(removeStaleJobFolders);
  const url = await copyTemplate(server);
  onStop(() => dropCopy(server, url));
  const handle = openDatabase(url, { log });
  onStop(() => handle.close());
  const story = await openStory({ ...handle, url, log });
  onStop(() => story.close());
  const tool = await anyTool();
  await withJobFolder(async (folder) => {
    const first = await makeMaterial(tool, folder);
    const material = [first];
    while (material.length < TAKES) {
      const own = { folder: join(folder, `take-${material.length}`), seed: 100 + material.length };
      material.push(await anotherTake(tool, first, own));
    }
    const rows = [];
    for (const workers of WORKERS) {
      const bare = await measureBare(tool, material, workers);
      const ours = await measureOurs({ ...handle, story, url }, material, { workers, onStop });
      rows.push({
        workers,
        mixesPerMinute: rounded(ours.perMinute),
        bareMixesPerMinute: rounded(bare.perMinute),
        cpuSeconds: rounded(ours.cpuSeconds),
        bareCpuSeconds: rounded(bare.cpuSeconds),
        ratioToBare: rounded(ours.cpuSeconds / bare.cpuSeconds),
      });
    }
    await report({
      bench: 'mixes',
      settings: { TAKES },
      versions: { [`ffmpeg ${tool.ffmpeg.kind}`]: tool.ffmpeg.version },
      results: rows,
      goals: rows.map(({ workers, ratioToBare }) => ({
        goal: `CPU of a take to the bare command, ${workers} worker(s)`,
        atMost: GOAL_RATIO,
        measured: ratioToBare,
      })),
    });
  });
});
