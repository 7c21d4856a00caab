// What a take of 60 s costs from its upload to its packs, over a path of 10 minutes and over one of
// 60, as a ratio to the bare ffmpeg command in the same run: `node bench/take-to-playable.bench.ts`.
//
// CPU seconds of the worker and of everything that it started; Postgres and the store are real.
// A take may be ten minutes long at most, so a longer parent is a path, not a take.
import type { Pool } from 'pg';
import { createLogger } from '#backend/log.ts';
import { openDatabase } from '#backend/postgres/database.ts';
import { ingestTake } from '../media-worker/ingest.ts';
import { removeStaleJobFolders, withJobFolder } from '../media-worker/job-folder.ts';
import { renderTake } from '../media-worker/render.ts';
import { openStory, type TestStory } from '../media-worker/testing/story.ts';
import { testTools } from '../media-worker/testing/tools.ts';
import type { Tool } from '../media-worker/ffmpeg/run.ts';
import type { Worker } from '../media-worker/worker.ts';
import { copyTemplate, dropCopy, startTestPostgres } from '../tests/harness/postgres.ts';
import { costOf, type Cost } from './support/cost.ts';
import { setting } from './support/options.ts';
import { report } from './support/report.ts';
import { runBench } from './support/run.ts';
import { median, rounded } from './support/statistics.ts';
import { makeMaterial, plantPath, runBare, TAIL_SECONDS, TAKE_SECONDS } from './support/takes.ts';

const ROUNDS = setting(3, 1);
const GOALS = { ratioToBare: 1.5, sixtyToTen: 1.1 } as const;

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
