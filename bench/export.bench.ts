// What a path of 50 stems of 30 s costs as a FLAC, from asking for it to its object in the store, as
// a ratio to the bare lane command in the same run: `node bench/export.bench.ts`.
//
// CPU seconds of the worker and of everything that it started; Postgres and the store are real.
import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { createLogger } from '#backend/log.ts';
import { askExport } from '#backend/media/exports.ts';
import { openDatabase } from '#backend/postgres/database.ts';
import { takeId, type TakeId } from '#domain/story/ids.ts';
import { exportPath } from '../media-worker/export-path.ts';
import type { Tool } from '../media-worker/ffmpeg/run.ts';
import { removeStaleJobFolders, withJobFolder } from '../media-worker/job-folder.ts';
import { writeFlacs } from '../media-worker/testing/files.ts';
import { babble } from '../media-worker/testing/signals.ts';
import { openStory, type TestStory } from '../media-worker/testing/story.ts';
import { testTools } from '../media-worker/testing/tools.ts';
import type { Worker } from '../media-worker/worker.ts';
import { copyTemplate, dropCopy, startTestPostgres } from '../tests/harness/postgres.ts';
import { costOf, type Cost } from './support/cost.ts';
import { setting } from './support/options.ts';
import { report } from './support/report.ts';
import { runBench } from './support/run.ts';
import { median, rounded } from './support/statistics.ts';

const ROUNDS = setting(3, 1);
const STEMS = setting(50, 6);
const STEM_SAMPLES = setting(30, 2) * 48_000;
const GOAL = 1.2;
const never = new AbortController().signal;

const nameOf = (index: number): string => `stem${index}`;

/** Plants a path as rows: takes of one length, each over half of the one before it. */
async function plantPath(
  pool: Pool,
  story: TestStory,
  folder: string,
): Promise<{ leaf: TakeId; seconds: number }> {
  const storyId = randomUUID();
  await pool.query(
    `insert into stories (id, slug, title, owner_id) values ($1::uuid, $1::text, 'A path', $2)`,
    [storyId, story.author],
  );
  // The first two both start at 0, so the seed is half as long as the others.
  const ends = [STEM_SAMPLES / 2];
  let parentId: string | null = null;
  for (let index = 0; index < STEMS; index += 1) {
    const id = randomUUID();
    const start = ends[index - 2] ?? 0;
    const end = index === 0 ? STEM_SAMPLES / 2 : start + STEM_SAMPLES;
    ends[index] = end;
    const file = await readFile(join(folder, `${nameOf(index)}.flac`));
    const sha256 = createHash('sha256').update(file).digest('hex');
    const objectKey = `stems/${id}.flac`;
    await story.objects.put(objectKey, file, { contentType: 'audio/flac' });
    await pool.query(
      `insert into uploads (id, user_id, object_key, store_upload_id, bytes, sha256, content_type, state)
       values ($1::uuid, $2, $1::text, $1::text, 1, $3, 'audio/flac', 'complete')`,
      [id, story.author, sha256],
    );
    await pool.query(
      `insert into takes (id, story_id, parent_id, author_id, kind, start_samples, duration_samples, status, upload_id)
       values ($1, $2, $3, $4, 'voice', $5, $6, 'ready', $1)`,
      [id, storyId, parentId, story.author, start, end - start],
    );
    await pool.query(
      `insert into stems (take_id, object_key, sha256, bytes, duration_samples, gain_db, silences, peaks,
         peaks10, peaks1)
       values ($1, $2, $3, $4, $5, -3, '[]', '', '', '')`,
      [id, objectKey, sha256, file.length, end - start],
    );
    parentId = id;
  }
  return { leaf: takeId(parentId ?? ''), seconds: Math.round((ends.at(-1) ?? 0) / 48_000) };
}

/**
 * The same mix as one plain command: two concat lanes, one sum, held at the same peak, FLAC. No
 * gains, fades, guards, limits, database or store.
 */
async function runBare({ ffmpeg }: Tool, folder: string): Promise<void> {
  const indexes = Array.from({ length: STEMS }, (_, index) => index);
  const lane = (parity: number): string => {
    const inputs = indexes.filter((index) => index % 2 === parity);
    return `${inputs.map((index) => `[${index}:a]`).join('')}concat=n=${inputs.length}:v=0:a=1[l${parity}]`;
  };
  const graph =
    `${lane(0)};${lane(1)};[l0][l1]amix=inputs=2:duration=longest:dropout_transition=0:normalize=0,` +
    `aresample=osr=96000,alimiter=limit=0.84:level=false:latency=1,aresample=osr=48000[mix]`;
  const inputs = indexes.flatMap((index) => ['-i', `${nameOf(index)}.flac`]);
  const output = ['-map', '[mix]', '-c:a', 'flac', '-sample_fmt', 's16', 'bare.flac'];
  const args = ['-nostdin', '-y', '-v', 'error', ...inputs, '-filter_complex', graph, ...output];
  await withJobFolder(async (job) => {
    for (const index of indexes) {
      const name = `${nameOf(index)}.flac`;
      await copyFile(join(folder, name), join(job, name));
    }
    const child = spawn(ffmpeg.command, [...ffmpeg.leading, ...args], {
      cwd: job,
      stdio: 'ignore',
    });
    const [code] = await once(child, 'exit');
    if (code !== 0) throw new Error(`the bare command ended with ${code}`);
  });
}

type Measured = Awaited<ReturnType<typeof measure>>;

async function measure(tool: Tool, { pool, story, worker }: World) {
  return await withJobFolder(async (folder) => {
    const signals = Array.from({ length: STEMS }, (_, index) => {
      const samples = index === 0 ? STEM_SAMPLES / 2 : STEM_SAMPLES;
      return [nameOf(index), babble(index + 1, samples, 4_000)] as const;
    });
    await writeFlacs(tool, folder, new Map(signals));
    const { leaf, seconds } = await plantPath(pool, story, folder);
    const costs: { bare: Cost[]; ours: Cost[] } = { bare: [], ours: [] };
    for (let round = 0; round < ROUNDS; round += 1) {
      costs.bare.push(await costOf(() => runBare(tool, folder)));
      await pool.query(`delete from path_exports`);
      costs.ours.push(await costOf(() => exportFlac({ ...worker, tool }, story, leaf)));
    }
    const medianOf = (which: 'bare' | 'ours', what: keyof Cost): number =>
      rounded(median(costs[which].map((cost) => cost[what])));
    const [bare, ours] = [medianOf('bare', 'cpuSeconds'), medianOf('ours', 'cpuSeconds')];
    return {
      ffmpeg: tool.ffmpeg.version,
      pathSeconds: seconds,
      cpuSeconds: { bare, ours },
      wallSeconds: { bare: medianOf('bare', 'wallSeconds'), ours: medianOf('ours', 'wallSeconds') },
      ratio: rounded(ours / bare),
    };
  });
}

interface World {
  readonly pool: Pool;
  readonly story: TestStory;
  readonly worker: Worker;
}

/** Asks for the path, makes it, and sees that it is there. */
async function exportFlac(worker: Worker, story: TestStory, leaf: TakeId): Promise<void> {
  const asked = { takeId: leaf, origin: 'https://tap.example', format: 'flac' } as const;
  await askExport(story, { id: story.author }, asked);
  const row = await worker.db.query.pathExports.findFirst();
  if (row === undefined) throw new Error('nothing was asked for');
  await exportPath(worker, row.id, never);
  const made = await worker.db.query.pathExports.findFirst();
  if (made?.state !== 'ready') throw new Error('the path was not made into a file');
}

function rows([name, { pathSeconds, cpuSeconds, wallSeconds, ratio }]: [string, Measured]) {
  return (['bare', 'ours'] as const).map((which) => ({
    ffmpeg: name,
    path: which === 'bare' ? 'bare lane command' : 'export',
    pathSeconds,
    cpuSeconds: cpuSeconds[which],
    wallSeconds: wallSeconds[which],
    ratioToBare: which === 'bare' ? 1 : ratio,
  }));
}

await runBench(async (onStop) => {
  const log = createLogger('bench', 'warn');
  const server = await startTestPostgres(log);
  onStop(() => server.stop());
  onStop(removeStaleJobFolders); // and our own, of a measurement that was cut short
  const url = await copyTemplate(server);
  onStop(() => dropCopy(server, url));
  const handle = openDatabase(url, { log });
  onStop(() => handle.close());
  const story = await openStory({ ...handle, url, log });
  onStop(() => story.close());
  const measured: [string, Measured][] = [];
  for (const { name, tool, why } of await testTools()) {
    if (tool === null) {
      console.log(`${name}: skipped, ${why}`);
      continue;
    }
    const worker = { ...story, log, tool };
    measured.push([name, await measure(tool, { pool: handle.pool, story, worker })]);
  }
  await report({
    bench: 'export',
    settings: { ROUNDS, STEMS, STEM_SECONDS: STEM_SAMPLES / 48_000 },
    versions: Object.fromEntries(measured.map(([name, { ffmpeg }]) => [`ffmpeg ${name}`, ffmpeg])),
    results: measured.flatMap(rows),
    goals: measured.map(([name, { ratio }]) => ({
      goal: `${name}: CPU of an export to the bare lane command`,
      atMost: GOAL,
      measured: ratio,
    })),
  });
});
