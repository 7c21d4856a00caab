// The two jobs of a take on a real database, store, queue and ffmpeg.
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { forgetSuperseded, takesThatSound } from '#backend/media/mixes.ts';
import { renderedPath, type Hears } from '#backend/media/rendered-path.ts';
import { renewMixes } from '#backend/media/renew-mixes.ts';
import { setHidden } from '#backend/story/change-take.ts';
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

  /** What is heard of a whole path. */
  const soundOf = async (
    leaf: TakeId,
    codec: 'aac' | 'opus',
    hears?: Hears,
  ): Promise<Int16Array> => {
    const path = await renderedPath(database.db, leaf, codec, hears);
    expect(path?.complete).toBe(true);
    const [head] = path?.rendered ?? [];
    if (path === null || head === undefined) return new Int16Array();
    const init = await bytesOf(story, head.pack.objectKey, 0, head.pack.initBytes - 1);
    const file = pathFile(init, stretchesOf(path.rendered));
    const parts = await Promise.all(
      file.stretches.map((it) => bytesOf(story, it.objectKey, it.offset, it.offset + it.bytes - 1)),
    );
    return await withJobFolder(async (folder) => {
      await writeFile(join(folder, 'path.mp4'), Buffer.concat([file.header, ...parts]));
      return await decodeFile(worker.tool, folder, { name: 'path.mp4', format: 'mov' });
    });
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
      const sound = await soundOf(last.takeId, codec);
      const starts = [0, 0, first.length];
      for (const [index, pcm] of voices.entries()) {
        expect(Math.abs(placeIn(sound, pcm, starts[index] ?? 0).lag)).toBeLessThan(4.8);
      }
    }
    expect(await stateOf(words.takeId)).toMatchObject({ stems: 0, mixes: 1 });
  });

  test('that is hidden is silent for others, and its neighbours sound on', async () => {
    const voices = [babble(61, 3 * SECOND), babble(62, 6 * SECOND), babble(63, 5 * SECOND)];
    const [first, second, third] = voices;
    if (first === undefined || second === undefined || third === undefined) return;
    const seed = await story.publish(wavFile(first));
    await make(seed.takeId);
    const answer = await story.publish(wavFile(second), seed);
    await make(answer.takeId);
    const last = await story.publish(wavFile(third), answer);
    await make(last.takeId);
    const ids = [seed.takeId, answer.takeId, last.takeId];
    const author = { id: story.author };

    await setHidden(story, author, { takeId: answer.takeId, hidden: true });
    // Until it is rendered without that voice, the path of others ends before it.
    const ending = await renderedPath(database.db, last.takeId, 'opus');
    expect(ending?.rendered.map(({ takeId }) => takeId)).toEqual([seed.takeId]);
    expect(await takesThatSound(database.db, answer.takeId, 10)).toEqual([
      answer.takeId,
      last.takeId,
    ]);
    expect(await takesThatSound(database.db, answer.takeId, 1)).toEqual([answer.takeId]);
    for (const id of ids) await renderTake(worker, id, never);
    for (const id of ids) await renderTake(worker, id, never);
    expect(await Promise.all(ids.map(stateOf))).toMatchObject([
      { mixes: 1 },
      { mixes: 2 },
      { mixes: 2 },
    ]);
    const heard = async (hears?: Hears) => {
      const sound = await soundOf(last.takeId, 'opus', hears);
      const starts = [0, 0, first.length];
      return voices.map((pcm, index) => placeIn(sound, pcm, starts[index] ?? 0).share > 0.3);
    };
    expect(await heard()).toEqual([true, false, true]);
    expect(await heard(() => true)).toEqual([true, true, true]);

    await setHidden(story, author, { takeId: answer.takeId, hidden: false });
    expect(await heard()).toEqual([true, true, true]);
  });

  test('that an older renderer rendered plays on, and is rendered anew once it is heard', async () => {
    const seed = await story.publish(wavFile(babble(71, 2 * SECOND)));
    await make(seed.takeId);
    // As a version before ours would have left it: its plan has another name.
    await database.pool.query(
      `update mixes set render_version = render_version - 1, plan_sha256 = 'of an older version'
       where take_id = $1`,
      [seed.takeId],
    );
    const played = async () => await renderedPath(database.db, seed.takeId, 'aac');
    const before = await played();
    expect(before).toMatchObject({ complete: true, outdated: [seed.takeId] });
    await renewMixes(worker, [seed.takeId]);
    await renewMixes(worker, [seed.takeId]);
    const { rows } = await database.pool.query(
      `select count(*)::int as jobs from pgboss.job where name = 'mix.renew' and data->>'takeId' = $1`,
      [seed.takeId],
    );
    expect(rows).toEqual([{ jobs: 1 }]);
    await renderTake(worker, seed.takeId, never);
    expect(await played()).toMatchObject({ complete: true, outdated: [] });
    // Whoever was listening goes on with what they began.
    const [old] = before?.rendered ?? [];
    expect(await story.objects.head(old?.pack.objectKey ?? '')).not.toBeNull();
    expect(await stateOf(seed.takeId)).toMatchObject({ mixes: 2 });
    const dayAgo = new Date(Date.now() - 86_400_000);
    expect(await forgetSuperseded(database.db, dayAgo)).toBe(0);
    await database.pool.query(
      `update mixes set superseded_at = now() - interval '25 hours' where superseded_at is not null`,
    );
    expect(await forgetSuperseded(database.db, dayAgo)).toBe(1);
    expect(await stateOf(seed.takeId)).toMatchObject({ mixes: 1 });
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

/** Where a voice is found in a sound, and how much of the sound there it is. */
function placeIn(
  sound: Int16Array,
  pcm: Int16Array,
  start: number,
): { readonly lag: number; readonly share: number } {
  const from = Math.floor(pcm.length / 2);
  const piece = pcm.subarray(from, from + 4_096);
  const lag = lagOf(piece, sound, start + from);
  const there = sound.subarray(start + from + Math.round(lag));
  let product = 0;
  let own = 0;
  let all = 0;
  for (const [at, sample] of piece.entries()) {
    product += sample * (there[at] ?? 0);
    own += sample ** 2;
    all += (there[at] ?? 0) ** 2;
  }
  return { lag, share: product / Math.sqrt(own * all || 1) };
}

async function bytesOf(story: TestStory, key: string, start: number, end: number): Promise<Buffer> {
  const { body } = await story.objects.get(key, { start, end });
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}
