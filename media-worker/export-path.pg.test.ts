// The life of an export: made, made once, made again after a kill, and swept.
import { once } from 'node:events';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { exportPrefix, sweepExport } from '#backend/media/export-work.ts';
import { askExport, exportStates } from '#backend/media/exports.ts';
import type { ExportFormat } from '#domain/media/export-spec.ts';
import { freshDatabase, type FreshDatabase } from '../tests/harness/database.ts';
import { exportPath } from './export-path.ts';
import { ingestTake } from './ingest.ts';
import { withJobFolder } from './job-folder.ts';
import { decodeFile, wavFile } from './testing/files.ts';
import { babble, lagOf } from './testing/signals.ts';
import { openStory, type PublishedTake, type TestStory } from './testing/story.ts';
import { anyTool } from './testing/tools.ts';
import { runningIn, WorkerProcesses } from './testing/worker-process.ts';
import type { Worker } from './worker.ts';

const never = new AbortController().signal;
const SECOND = 48_000;
const origin = 'https://tap.example';

let database: FreshDatabase;
let story: TestStory;
let worker: Worker;
const processes = new WorkerProcesses();

beforeAll(async () => {
  database = await freshDatabase();
  story = await openStory(database);
  worker = { ...story, log: database.log, tool: await anyTool() };
});
afterAll(async () => {
  await processes.kill();
  await story.close();
  await database.close();
});

/** Publishes voices one over the other, each ingested; the last take. */
async function publishPath(...voices: readonly Int16Array[]): Promise<PublishedTake> {
  let last: PublishedTake | undefined;
  for (const voice of voices) {
    last = await story.publish(wavFile(voice), last);
    await ingestTake(worker, last.takeId, never);
  }
  if (last === undefined) throw new Error('no voices');
  return last;
}

async function ask({ takeId }: PublishedTake, format: ExportFormat): Promise<string> {
  await askExport(story, { id: story.author }, { takeId, origin, format });
  const { rows } = await database.pool.query<{ id: string }>(
    `select id from path_exports where take_id = $1 and format = $2`,
    [takeId, format],
  );
  return rows[0]?.id ?? '';
}

const stateOf = async ({ takeId }: PublishedTake, format: ExportFormat) =>
  (await exportStates(story.db, null, { takeId, origin }))[format];

async function objectsOf(exportId: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of story.objects.list(exportPrefix(exportId))) keys.push(key);
  return keys;
}

async function bytesOf(key: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of (await story.objects.get(key)).body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test('a path is made into a file once, though two workers make it at once and a third later', async () => {
  const [first, second] = [babble(1, 2 * SECOND + 11), babble(2, 4 * SECOND + 333)];
  const leaf = await publishPath(first, second);
  const id = await ask(leaf, 'flac');
  await Promise.all([exportPath(worker, id, never), exportPath(worker, id, never)]);
  await exportPath(worker, id, never);
  const keys = await objectsOf(id);
  expect(keys).toHaveLength(1);
  const file = await bytesOf(keys[0] ?? '');
  expect(await stateOf(leaf, 'flac')).toMatchObject({ state: 'ready', bytes: file.length });
  await withJobFolder(async (folder) => {
    await writeFile(join(folder, 'path.flac'), file);
    const sound = await decodeFile(worker.tool, folder, { name: 'path.flac', format: 'flac' });
    expect(sound).toHaveLength(second.length);
    for (const voice of [first, second]) {
      const from = Math.floor(voice.length / 2);
      expect(Math.abs(lagOf(voice.subarray(from, from + 4_096), sound, from))).toBeLessThan(1);
    }
  });
});

test('the stems of a path go into the store as they lie there', async () => {
  const leaf = await publishPath(babble(3, SECOND), babble(4, 2 * SECOND));
  const id = await ask(leaf, 'stems');
  await exportPath(worker, id, never);
  const [key = ''] = await objectsOf(id);
  expect(key).toMatch(/\.zip$/u);
  expect((await bytesOf(key)).toString('latin1', 0, 4)).toBe('PK\u0003\u0004');
  expect(await stateOf(leaf, 'stems')).toMatchObject({ state: 'ready' });
});

test('one that is stopped in the middle is left to be made again', async () => {
  const leaf = await publishPath(babble(5, 20 * SECOND));
  const id = await ask(leaf, 'mp3');
  const abort = new AbortController();
  const made = exportPath(worker, id, abort.signal);
  abort.abort(new Error('the worker is stopping'));
  await expect(made).rejects.toThrow(/abort|stopping/u);
  expect(await stateOf(leaf, 'mp3')).toMatchObject({ state: 'working' });
  await exportPath(worker, id, never);
  expect(await stateOf(leaf, 'mp3')).toMatchObject({ state: 'ready' });
});

test('one whose worker is killed is made by another, and nothing is left of the first', async () => {
  const leaf = await publishPath(babble(6, 60 * SECOND), babble(7, 120 * SECOND));
  // The workers of this test have this to do, and nothing else.
  await database.pool.query(`delete from pgboss.job where name like 'take.%'`);
  const id = await ask(leaf, 'm4a');
  const tmp = join(story.dataDir, 'tmp');
  await mkdir(tmp);
  const { worker: doomed } = await processes.start(story, tmp);
  await vi.waitFor(async () => expect(await runningIn(tmp)).not.toEqual([]), {
    timeout: 60_000,
    interval: 10,
  });
  doomed.kill('SIGKILL');
  await once(doomed, 'exit');
  await vi.waitFor(async () => expect(await runningIn(tmp)).toEqual([]), { timeout: 20_000 });
  expect(await stateOf(leaf, 'm4a')).toMatchObject({ state: 'working' });
  expect(await objectsOf(id)).toEqual([]);
  await processes.start(story, tmp);
  await vi.waitFor(
    async () => expect(await stateOf(leaf, 'm4a')).toMatchObject({ state: 'ready' }),
    { timeout: 280_000, interval: 200 },
  );
  expect(await objectsOf(id)).toHaveLength(1);
  await vi.waitFor(async () => expect(await readdir(tmp)).toEqual([]), { timeout: 20_000 });
}, 400_000);

test('a file stays for its day, and then goes with all that its attempts left', async () => {
  const leaf = await publishPath(babble(8, SECOND));
  const id = await ask(leaf, 'flac');
  await exportPath(worker, id, never);
  await story.objects.put(`${exportPrefix(id)}left-by-a-crash.flac`, new Uint8Array([1]), {
    contentType: 'audio/flac',
  });
  await sweepExport(story, id);
  expect(await stateOf(leaf, 'flac')).toMatchObject({ state: 'ready' });
  const { rows } = await database.pool.query(
    `select round(extract(epoch from start_after - now()) / 3600)::int as hours
     from pgboss.job where name = 'export.sweep' and data->>'exportId' = $1`,
    [id],
  );
  expect(rows).toEqual([{ hours: 24 }]);
  await database.pool.query(`update path_exports set until = now() where id = $1`, [id]);
  await sweepExport(story, id);
  await sweepExport(story, id);
  expect(await stateOf(leaf, 'flac')).toBeNull();
  expect(await objectsOf(id)).toEqual([]);
});
