// What a take of 60 s costs from its upload to its packs, over a path of 10 minutes and over one of
// 60, as a ratio to the bare ffmpeg command in the same run: `node bench/take-to-playable.bench.ts`.
//
// CPU seconds of the worker and of everything that it started; Postgres and the store are real.
// A take may be ten minutes long at most, so a longer parent is a path, not a take.
import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { createLogger } from '#backend/log.ts';
import { openDatabase } from '#backend/postgres/database.ts';
import { takeId, type StoryId } from '#domain/story/ids.ts';
import { ingestTake } from '../media-worker/ingest.ts';
import { removeStaleJobFolders, withJobFolder } from '../media-worker/job-folder.ts';
import { renderTake } from '../media-worker/render.ts';
import { transcode, wavFile } from '../media-worker/testing/files.ts';
import { babble } from '../media-worker/testing/signals.ts';
import { openStory, type PublishedTake, type TestStory } from '../media-worker/testing/story.ts';
import { testTools } from '../media-worker/testing/tools.ts';
import type { Tool } from '../media-worker/ffmpeg/run.ts';
import type { Worker } from '../media-worker/worker.ts';
import { copyTemplate, dropCopy, startTestPostgres } from '../tests/harness/postgres.ts';
import { setting } from './support/options.ts';
import { report } from './support/report.ts';
import { runBench } from './support/run.ts';
import { median, rounded } from './support/statistics.ts';

const ROUNDS = setting(3, 1);
const RATE = 48_000;
const TAKE_SECONDS = 60;
const STEM_SECONDS = 600;
/** How far the take before the new one reaches over the one before that. */
const TAIL_SECONDS = 10;
const GOALS = { ratioToBare: 1.5, sixtyToTen: 1.1 } as const;

interface Material {
  readonly folder: string;
  readonly upload: Buffer;
  readonly stem: Buffer;
}

/** Ends of the takes of a path that ends at `seconds`, the last with a tail of ten seconds. */
function endsOf(seconds: number): number[] {
  const ends: number[] = [];
  for (let end = 300; end < seconds - 300; end += 300) ends.push(end);
  return [...ends, seconds - TAIL_SECONDS, seconds];
}

/** A story whose path is that long, as rows: every take has the same ten minutes of stem. */
async function plantPath(
  pool: Pool,
  story: TestStory,
  path: { seconds: number; stem: Buffer },
): Promise<PublishedTake> {
  const storyId = randomUUID() as StoryId;
  const sha256 = createHash('sha256').update(path.stem).digest('hex');
  const objectKey = `stems/${sha256}.flac`;
  await story.objects.put(objectKey, path.stem, { contentType: 'audio/flac' });
  await pool.query(
    `insert into stories (id, slug, title, owner_id) values ($1::uuid, $1::text, 'A path', $2)`,
    [storyId, story.author],
  );
  const ends = endsOf(path.seconds);
  let parentId: string | null = null;
  for (const [index, end] of ends.entries()) {
    const id = randomUUID();
    const start = ends[index - 2] ?? 0;
    const uploadId = randomUUID();
    await pool.query(
      `insert into uploads (id, user_id, object_key, store_upload_id, bytes, sha256, content_type, state)
       values ($1::uuid, $2, $1::text, $1::text, 1, $3, 'audio/flac', 'complete')`,
      [uploadId, story.author, sha256],
    );
    await pool.query(
      `insert into takes (id, story_id, parent_id, author_id, kind, start_samples, duration_samples, status, upload_id)
       values ($1, $2, $3, $4, 'voice', $5, $6, 'ready', $7)`,
      [id, storyId, parentId, story.author, start * RATE, (end - start) * RATE, uploadId],
    );
    await pool.query(
      `insert into stems (take_id, object_key, sha256, bytes, duration_samples, gain_db, silences, peaks,
         peaks10, peaks1)
       values ($1, $2, $3, $4, $5, -1, '[]', '', '', '')`,
      [id, objectKey, sha256, path.stem.length, (end - start) * RATE],
    );
    parentId = id;
  }
  return { storyId, takeId: takeId(parentId ?? '') };
}

async function makeMaterial(tool: Tool, folder: string): Promise<Material> {
  const opus = ['-c:a', 'libopus', '-b:a', '96k', '-f', 'webm'];
  const flac = ['-c:a', 'flac', '-f', 'flac'];
  await writeFile(join(folder, 'take.wav'), wavFile(babble(1, TAKE_SECONDS * RATE)));
  await transcode(tool, folder, {
    from: 'take.wav',
    format: 'wav',
    to: 'take.webm',
    options: opus,
  });
  await writeFile(join(folder, 'stem.wav'), wavFile(babble(2, STEM_SECONDS * RATE)));
  await transcode(tool, folder, {
    from: 'stem.wav',
    format: 'wav',
    to: 'parent.flac',
    options: flac,
  });
  const [upload, stem] = await Promise.all([
    readFile(join(folder, 'take.webm')),
    readFile(join(folder, 'parent.flac')),
  ]);
  return { folder, upload, stem };
}

/** CPU seconds of this process and of all children that have ended. */
async function cpuSeconds(): Promise<number> {
  const { user, system } = process.cpuUsage();
  const stat = await readFile('/proc/self/stat', 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (user + system) / 1e6 + (Number(fields[13]) + Number(fields[14])) / 100;
}

interface Cost {
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
}

async function costOf(run: () => Promise<void>): Promise<Cost> {
  const [cpu, wall] = [await cpuSeconds(), performance.now()];
  await run();
  return {
    cpuSeconds: (await cpuSeconds()) - cpu,
    wallSeconds: (performance.now() - wall) / 1000,
  };
}

/** The same work as one plain command: no guards, no limits, no database, no store. */
async function runBare({ ffmpeg }: Tool, { folder }: Material): Promise<void> {
  const from = STEM_SECONDS - TAIL_SECONDS - 3;
  const hls = '-f hls -hls_time 1.92 -hls_segment_type fmp4 -hls_flags single_file';
  const graph =
    `[0:a]aresample=48000,aformat=sample_fmts=s16:channel_layouts=mono,asplit=3[m][i][p];` +
    `[m]ebur128=dualmono=1:peak=true:framelog=verbose,aformat=sample_fmts=s16[stem];` +
    `[i]adelay=144000S[take];[1:a]atrim=end_sample=624000[tail];` +
    `[tail][take]amix=inputs=2:duration=longest:dropout_transition=0:normalize=0,` +
    `alimiter=limit=0.891:level=false:latency=1,asplit=2[a][o]`;
  const args = [
    `-nostdin -y -v error -i take.webm -ss ${from} -i parent.flac -filter_complex ${graph}`,
    '-map [stem] -c:a flac bare.flac -map [p] -ar 8000 -f s16le bare.raw',
    `-map [a] -c:a aac -aac_coder fast -b:a 96k ${hls} -hls_fmp4_init_filename a.mp4 a.m3u8`,
    `-map [o] -c:a libopus -b:a 64k -vbr constrained ${hls} -hls_fmp4_init_filename o.mp4 o.m3u8`,
  ].flatMap((line) => line.split(' '));
  await withJobFolder(async (job) => {
    for (const name of ['take.webm', 'parent.flac'])
      await copyFile(join(folder, name), join(job, name));
    const child = spawn(ffmpeg.command, [...ffmpeg.leading, ...args], {
      cwd: job,
      stdio: 'ignore',
    });
    const [code] = await once(child, 'exit');
    if (code !== 0) throw new Error(`the bare command ended with ${code}`);
  });
}

const never = new AbortController().signal;

type Measured = Awaited<ReturnType<typeof measure>>;

async function measure(tool: Tool, world: { pool: Pool; story: TestStory; worker: Worker }) {
  return await withJobFolder(async (folder) => {
    const { pool, story, worker } = world;
    const material = await makeMaterial(tool, folder);
    const paths = {
      'over 10 minutes': await plantPath(pool, story, { seconds: 600, stem: material.stem }),
      'over 60 minutes': await plantPath(pool, story, { seconds: 3_600, stem: material.stem }),
    };
    const costs: Record<string, Cost[]> = {
      bare: [],
      'over 10 minutes': [],
      'over 60 minutes': [],
    };
    for (let round = 0; round < ROUNDS; round++) {
      costs['bare']?.push(await costOf(() => runBare(tool, material)));
      for (const [name, parent] of Object.entries(paths)) {
        const { takeId: id } = await story.publish(material.upload, parent);
        costs[name]?.push(
          await costOf(async () => {
            await ingestTake({ ...worker, tool }, id, never);
            // Equal plans share their packs: each round is to render its own.
            await pool.query(`delete from mixes`);
            await renderTake({ ...worker, tool }, id, never);
          }),
        );
        const { rows } = await pool.query(`select 1 from mixes where take_id = $1`, [id]);
        if (rows.length !== 1) throw new Error('the take was not rendered');
      }
    }
    const medianOf = (name: string, what: keyof Cost): number =>
      rounded(median((costs[name] ?? []).map((cost) => cost[what])));
    const [bare, ten, sixty] = ['bare', 'over 10 minutes', 'over 60 minutes'].map((name) =>
      medianOf(name, 'cpuSeconds'),
    );
    if (bare === undefined || ten === undefined || sixty === undefined) throw new Error('no costs');
    return {
      ffmpeg: tool.ffmpeg.version,
      cpuSeconds: { bare, ten, sixty },
      wallSeconds: {
        bare: medianOf('bare', 'wallSeconds'),
        ten: medianOf('over 10 minutes', 'wallSeconds'),
        sixty: medianOf('over 60 minutes', 'wallSeconds'),
      },
      ratioToBare: { ten: rounded(ten / bare), sixty: rounded(sixty / bare) },
      sixtyToTen: rounded(sixty / ten),
    };
  });
}

/** One row per kind of ffmpeg and path. */
function rows([name, { cpuSeconds, wallSeconds, ratioToBare, sixtyToTen }]: [string, Measured]) {
  const bare = { cpuSeconds: cpuSeconds.bare, wallSeconds: wallSeconds.bare };
  return [
    { ffmpeg: name, take: 'bare command', ...bare, ratioToBare: 1, sixtyToTen: null },
    ...(['ten', 'sixty'] as const).map((minutes) => ({
      ffmpeg: name,
      take: minutes === 'ten' ? 'over 10 minutes' : 'over 60 minutes',
      cpuSeconds: cpuSeconds[minutes],
      wallSeconds: wallSeconds[minutes],
      ratioToBare: ratioToBare[minutes],
      sixtyToTen: minutes === 'ten' ? null : sixtyToTen,
    })),
  ];
}

function goals([name, { ratioToBare, sixtyToTen }]: [string, Measured]) {
  const bare = { atMost: GOALS.ratioToBare, measured: Math.max(...Object.values(ratioToBare)) };
  const length = { atMost: GOALS.sixtyToTen, measured: sixtyToTen };
  return [
    { goal: `${name}: CPU to the bare command`, ...bare },
    { goal: `${name}: CPU over 60 minutes to that over 10`, ...length },
  ];
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
  const results: Record<string, Measured> = {};
  for (const { name, tool, why } of await testTools()) {
    if (tool === null) {
      console.log(`${name}: skipped, ${why}`);
      continue;
    }
    const worker = { ...story, log, tool };
    results[name] = await measure(tool, { pool: handle.pool, story, worker });
  }
  const measured = Object.entries(results);
  await report({
    bench: 'take-to-playable',
    settings: { ROUNDS, TAKE_SECONDS, TAIL_SECONDS },
    versions: Object.fromEntries(measured.map(([name, { ffmpeg }]) => [`ffmpeg ${name}`, ffmpeg])),
    results: measured.flatMap(rows),
    goals: measured.flatMap(goals),
  });
});
