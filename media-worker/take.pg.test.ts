// The two jobs of a take on a real database, store, queue and ffmpeg.
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { renderedPath } from '#backend/media/rendered-path.ts';
import { pathFile } from '#domain/media/path-file.ts';
import type { TakeId } from '#domain/story/ids.ts';
import { segmentStart } from '#domain/timeline/grid.ts';
import { stretchesOf } from '#domain/timeline/path-packs.ts';
import { freshDatabase, type FreshDatabase } from '../tests/harness/database.ts';
import { ingestTake } from './ingest.ts';
import { withJobFolder } from './job-folder.ts';
import { renderTake } from './render.ts';
import { decodeFile, transcode, wavFile } from './testing/files.ts';
import { babble, lagOf } from './testing/signals.ts';
import { openStory, type TestStory } from './testing/story.ts';
import { anyTool } from './testing/tools.ts';
import type { Worker } from './worker.ts';

const never = new AbortController().signal;
const SECOND = 48_000;

describe('a take', () => {
  let database: FreshDatabase;
  let story: TestStory;
  let worker: Worker;
  beforeAll(async () => {
    database = await freshDatabase();
    story = await openStory(database);
    worker = { ...story, log: database.log, tool: await anyTool() };
  });
  afterAll(async () => {
    await story.close();
    await database.close();
  });

  const stateOf = async (id: TakeId) => {
    const { rows } = await database.pool.query(
      `select status, failure, duration_samples as samples,
              (select count(*)::int from mixes where take_id = takes.id) as mixes,
              (select count(*)::int from stems where take_id = takes.id) as stems,
              (select array_agg(kind order by revision) from story_events
               where take_id = takes.id) as events
       from takes where id = $1`,
      [id],
    );
    return rows[0];
  };
  /** How many jobs wait that the worker sent itself. */
  const jobsFor = async (id: TakeId) => {
    const { rows } = await database.pool.query(
      `select count(*)::int as jobs from pgboss.job where name = 'take.render' and data->>'takeId' = $1`,
      [id],
    );
    return rows[0].jobs;
  };
  const make = async (id: TakeId): Promise<void> => {
    await ingestTake(worker, id, never);
    await renderTake(worker, id, never);
  };

  test('becomes ready with its stem, then mixed, and doing both again changes nothing', async () => {
    const pcm = babble(1, 3 * SECOND + 7);
    const { takeId } = await story.publish(wavFile(pcm));
    await Promise.all([ingestTake(worker, takeId, never), ingestTake(worker, takeId, never)]);
    await Promise.all([renderTake(worker, takeId, never), renderTake(worker, takeId, never)]);
    await make(takeId);
    expect(await stateOf(takeId)).toEqual({
      status: 'ready',
      failure: null,
      samples: 3 * SECOND + 7,
      stems: 1,
      mixes: 1,
      events: ['published', 'ingested', 'mixed'],
    });
    expect(await jobsFor(takeId)).toBe(1);
  });

  test('sounds on its path with those before it, each at its place, words being silent', async () => {
    const voices = [
      babble(11, 2 * SECOND + 11),
      babble(12, 4 * SECOND + 333),
      babble(13, 5 * SECOND),
    ];
    const [first, second, third] = voices;
    if (first === undefined || second === undefined || third === undefined) return;
    const seed = await story.publish(wavFile(first));
    await make(seed.takeId);
    const answer = await story.publish(wavFile(second), seed);
    await make(answer.takeId);
    const words = await story.write('And then nobody said anything for a while.', answer);
    await renderTake(worker, words.takeId, never);
    const last = await story.publish(wavFile(third), answer);
    await make(last.takeId);
    for (const codec of ['aac', 'opus'] as const) {
      const path = await renderedPath(database.db, last.takeId, codec);
      expect(path?.complete).toBe(true);
      const [head] = path?.rendered ?? [];
      if (path === null || head === undefined) return;
      const init = await bytesOf(story, head.pack.objectKey, 0, head.pack.initBytes - 1);
      const file = pathFile(init, stretchesOf(path.rendered));
      const parts = await Promise.all(
        file.stretches.map((it) =>
          bytesOf(story, it.objectKey, it.offset, it.offset + it.bytes - 1),
        ),
      );
      await withJobFolder(async (folder) => {
        await writeFile(join(folder, 'path.mp4'), Buffer.concat([file.header, ...parts]));
        const sound = await decodeFile(worker.tool, folder, { name: 'path.mp4', format: 'mov' });
        const starts = [0, 0, first.length];
        for (const [index, pcm] of voices.entries()) {
          const from = Math.floor(pcm.length / 2);
          const at = (starts[index] ?? 0) + from;
          expect(Math.abs(lagOf(pcm.subarray(from, from + 4_096), sound, at))).toBeLessThan(4.8);
        }
      });
    }
    expect(await stateOf(words.takeId)).toMatchObject({ stems: 0, mixes: 1 });
  });

  test('of words that follow words is silence, exactly as long as they take to read', async () => {
    const seed = await story.publish(wavFile(babble(15, SECOND)));
    await make(seed.takeId);
    const words = await story.write('One two three four five six seven eight nine ten.', seed);
    const more = await story.write('And one more sentence that nobody has spoken.', words);
    await renderTake(worker, words.takeId, never);
    await renderTake(worker, more.takeId, never);
    const path = await renderedPath(database.db, more.takeId, 'opus');
    const last = path?.rendered.at(-1);
    const { samples } = await stateOf(more.takeId);
    const played = last?.pack.segments.reduce((sum, it) => sum + it.durationSamples, 0) ?? 0;
    expect(played).toBe(
      (last?.startSamples ?? 0) + samples - segmentStart(last?.firstSegment ?? 0),
    );
  });

  test('of unknown length that ends before its parent fails, and its original is kept', async () => {
    const seed = await story.publish(wavFile(babble(21, 3 * SECOND)));
    await make(seed.takeId);
    const short = await withJobFolder(async (folder) => {
      await writeFile(join(folder, 'a.wav'), wavFile(babble(22, 2 * SECOND)));
      const options = ['-c:a', 'flac', '-f', 'flac'];
      await transcode(worker.tool, folder, { from: 'a.wav', format: 'wav', to: 'a.flac', options });
      return await readFile(join(folder, 'a.flac'));
    });
    const { takeId } = await story.publish(short, seed);
    await make(takeId);
    expect(await stateOf(takeId)).toEqual({
      status: 'failed',
      failure: 'does_not_outlast_parent',
      samples: null,
      stems: 0,
      mixes: 0,
      events: ['published', 'failed'],
    });
  });

  test('whose original was damaged on the way fails, and a poisoned one does not stop others', async () => {
    const damaged = await story.publish(wavFile(babble(31, SECOND)));
    await database.pool.query(
      `update uploads set sha256 = repeat('0', 64) where id = (select upload_id from takes where id = $1)`,
      [damaged.takeId],
    );
    const poisoned = await story.publish(Buffer.from('#EXTM3U\nfile:///etc/hostname\n'));
    const good = await story.publish(wavFile(babble(32, SECOND)));
    await Promise.all([damaged, poisoned, good].map(({ takeId }) => make(takeId)));
    expect(await stateOf(damaged.takeId)).toMatchObject({ failure: 'checksum_mismatch' });
    expect(await stateOf(poisoned.takeId)).toMatchObject({ failure: 'not_audio' });
    expect(await stateOf(good.takeId)).toMatchObject({ status: 'ready', mixes: 1 });
  });

  test('is not given up while the store is away: the job is to be tried again', async () => {
    const { takeId } = await story.publish(wavFile(babble(41, SECOND)));
    const [store, away] = [join(story.dataDir, 'objects'), join(story.dataDir, 'away')];
    await rename(store, away);
    await expect(ingestTake(worker, takeId, never)).rejects.toThrow('there is no object');
    await rename(away, store);
    expect(await stateOf(takeId)).toMatchObject({ status: 'processing', events: ['published'] });
    await make(takeId);
    expect(await stateOf(takeId)).toMatchObject({ status: 'ready', mixes: 1 });
  });

  test('stops being worked on when its job is aborted', async () => {
    const { takeId } = await story.publish(wavFile(babble(51, 30 * SECOND)));
    const abort = new AbortController();
    const ingest = ingestTake(worker, takeId, abort.signal);
    abort.abort(new Error('the worker is stopping'));
    await expect(ingest).rejects.toThrow(/abort|stopping/u);
    expect(await stateOf(takeId)).toMatchObject({ status: 'processing', stems: 0 });
  });
});

async function bytesOf(story: TestStory, key: string, start: number, end: number): Promise<Buffer> {
  const { body } = await story.objects.get(key, { start, end });
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}
