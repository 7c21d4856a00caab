// The sweep on a real database and both kinds of store: what is named stays, whatever happens at the
// same moment, and what is nobody's goes.
import { createHash, randomUUID } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Person } from '#domain/access/policy.ts';
import type { TakeId } from '#domain/story/ids.ts';
import { stems, uploads } from '#drizzle/schema.ts';
import { freshDatabase, type FreshDatabase } from '../../tests/harness/database.ts';
import { startDiskPeer } from '../storage/disk-server.ts';
import { ObjectMissing, UploadGone, type ObjectStore } from '../storage/objects.ts';
import { openFauxqs } from '../storage/testing/fauxqs.ts';
import { plantStory } from '../story/plant.ts';
import { newTakeId, openPublishing, type Publishing } from '../story/testing/publishing.ts';
import { saveMix } from './mixes.ts';
import { claimObjects } from './named-objects.ts';
import { saveStem } from './stems.ts';
import { sweepStore, SweepRefused } from './sweep.ts';

const DAY_MS = 86_400_000;
const SAMPLES = 48_000;
const never = new AbortController().signal;
const flac = { contentType: 'audio/flac' };

const stemOf = (takeId: TakeId) => ({
  takeId,
  bytes: takeId.length,
  sha256: '0'.repeat(64),
  durationSamples: SAMPLES,
  loudnessLufs: -20,
  gainDb: 4,
  peaks: new Uint8Array(2),
  peaks10: new Uint8Array(2),
  peaks1: new Uint8Array(2),
  silences: [],
});

interface Place {
  readonly store: ObjectStore;
  close(): Promise<void>;
}

const stores: readonly (readonly [string, () => Promise<Place>])[] = [
  ['on disk', startDiskPeer],
  ['in S3', openFauxqs],
];

describe.each(stores)('a store %s', (_, openStore) => {
  let fresh: FreshDatabase;
  let place: Place;
  let publishing: Publishing;
  let author: Person;
  beforeAll(async () => {
    fresh = await freshDatabase();
    place = await openStore();
    publishing = { ...(await openPublishing(fresh, place.store)) };
    author = await publishing.person('Mia');
  });
  afterAll(async () => {
    await publishing.close();
    await place.close();
    await fresh.close();
  });

  const sweep = (options: { days?: number; mode?: 'delete' | 'count'; keptMs?: number } = {}) => {
    const { days = 0, mode = 'delete', ...rest } = options;
    const laterMs = days * DAY_MS;
    return sweepStore({ ...publishing, log: fresh.log }, { signal: never, mode, laterMs, ...rest });
  };
  const isThere = async (key: string) => (await place.store.head(key)) !== null;
  const publish = async (): Promise<TakeId> => {
    const takeId = newTakeId();
    const uploadId = await publishing.recording(author, SAMPLES);
    const body = { kind: 'voice' as const, uploadId, words: '' };
    await plantStory(publishing, author, { takeId, title: 'Sweeping', body });
    return takeId;
  };
  const keyOf = async (query: string, id: string): Promise<string> =>
    (await fresh.pool.query(query, [id])).rows[0].object_key;
  /** What the worker stores and writes down of a take, from the point where it may die. */
  const work = async (takeId: TakeId, diesAt?: 'stem' | 'mix'): Promise<string[]> => {
    const bytes = Buffer.from(takeId);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const stem = `stems/${takeId}/${sha256.slice(0, 32)}.flac`;
    await place.store.put(stem, bytes, flac);
    if (diesAt === 'stem') return [stem];
    await saveStem(publishing, takeId, { ...stemOf(takeId), objectKey: stem, sha256 });
    const pack = (codec: string) => `packs/${sha256}/${sha256}.${codec}.mp4`;
    for (const codec of ['aac', 'opus']) await place.store.put(pack(codec), bytes, flac);
    if (diesAt === 'mix') return [pack('aac'), pack('opus')];
    const { rows } = await fresh.pool.query('select story_id from takes where id = $1', [takeId]);
    const packOf = (codec: string) => ({
      objectKey: pack(codec),
      sha256,
      bytes: bytes.length,
      initBytes: 1,
      segments: [],
    });
    await saveMix(publishing, {
      takeId,
      storyId: rows[0].story_id,
      planSha256: sha256,
      firstSegment: 0,
      sounds: [takeId],
      packs: { aac: packOf('aac'), opus: packOf('opus') },
    });
    return [stem, pack('aac'), pack('opus')];
  };

  /** Does the work of a take, dying once on the way to some, and again as often as it must. */
  const publishThrough = async (takeId: TakeId, index: number): Promise<void> => {
    for (let attempt = 0; ; attempt += 1) {
      const dies =
        attempt === 0 && index % 4 === 0 ? (index % 8 === 0 ? 'stem' : 'mix') : undefined;
      try {
        await work(takeId, dies);
        if (dies === undefined) return;
      } catch (error) {
        // Swept between its storing and its row: the job is run again, as the queue does.
        if (!(error instanceof ObjectMissing) || attempt > 500) throw error;
      }
    }
  };

  test('what dead jobs left goes after a day, stems after thirty, and what rows name stays for years', async () => {
    const named = await work(await publish());
    const [stem = ''] = await work(await publish(), 'stem');
    const packs = await work(await publish(), 'mix');
    const left = [stem, ...packs];
    const foreign = `elsewhere/${randomUUID()}`;
    await place.store.put(foreign, Buffer.from('not ours'), flac);
    expect(await sweep()).toMatchObject({ seen: 0, deleted: 0 });
    const counted = await sweep({ days: 2, mode: 'count' });
    expect(counted).toMatchObject({ orphans: 2, orphanBytes: 2 * 36, deleted: 0 });
    expect(await Promise.all(left.map(isThere))).toEqual([true, true, true]);
    expect(await sweep({ days: 2 })).toMatchObject({ orphans: 2, deleted: 2 });
    expect(await Promise.all(left.map(isThere))).toEqual([true, false, false]);
    expect(await sweep({ days: 31 })).toMatchObject({ orphans: 1, deleted: 1 });
    expect(await Promise.all(left.map(isThere))).toEqual([false, false, false]);
    expect(await sweep({ days: 2_000 })).toMatchObject({ orphans: 0 });
    expect(await Promise.all([...named, foreign].map(isThere))).toEqual([true, true, true, true]);
  });

  test('the clock of the worker’s machine does not count', async () => {
    const forgotten = await publishing.recording(author, SAMPLES);
    const packs = await work(await publish(), 'mix');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 40 * DAY_MS });
    onTestFinished(() => void vi.useRealTimers());
    expect(await sweep()).toMatchObject({ seen: 0, deleted: 0 });
    expect(await fresh.db.$count(uploads, eq(uploads.id, forgotten))).toBe(1);
    expect(await Promise.all(packs.map(isThere))).toEqual([true, true]);
  });

  test('a recording that nobody published goes after thirty days, that of a failed take never', async () => {
    const failed = await publish();
    await publishing.ingest(failed, { failure: 'not_audio' });
    const forgotten = await publishing.recording(author, SAMPLES);
    const original = await keyOf(
      'select object_key from uploads join takes on takes.upload_id = uploads.id where takes.id = $1',
      failed,
    );
    const unpublished = await keyOf('select object_key from uploads where id = $1', forgotten);
    await sweep({ days: 8 });
    expect(await isThere(unpublished)).toBe(true);
    await sweep({ days: 31 });
    expect([await isThere(unpublished), await isThere(original)]).toEqual([false, true]);
    const late = plantStory(publishing, author, {
      takeId: newTakeId(),
      title: 'Too late',
      body: { kind: 'voice', uploadId: forgotten, words: '' },
    });
    await expect(late).rejects.toMatchObject({ code: 'upload_unknown' });
  });

  test('an upload that was begun and left is ended in the store after a week, unless it is not ours', async () => {
    const { store } = place;
    const ours = [`uploads/${randomUUID()}/left`, `packs/${randomUUID()}/left`];
    const foreign = `elsewhere/${randomUUID()}/left`;
    const begin = (key: string) => store.createUpload(key, flac);
    const [left = '', large = '', other = ''] = await Promise.all([...ours, foreign].map(begin));
    await sweep({ days: 6 });
    expect(await store.listParts(ours[0] ?? '', left)).toEqual([]);
    await sweep({ days: 8 });
    await expect(store.listParts(ours[0] ?? '', left)).rejects.toThrow(UploadGone);
    await expect(store.listParts(ours[1] ?? '', large)).rejects.toThrow(UploadGone);
    expect(await store.listParts(foreign, other)).toEqual([]);
    await store.abortUpload(foreign, other);
  });

  test('sweeps at every moment of publishing and dying take nothing that is named', async () => {
    const published = await Promise.all(Array.from({ length: 16 }, publish));
    const done = new AbortController();
    const sweeping = (async () => {
      let times = 0;
      // As if everything were old: only the claims stand between an object and the sweep.
      for (; !done.signal.aborted; times += 1) await sweep({ keptMs: -60_000 });
      return times;
    })();
    await Promise.all(published.map(publishThrough));
    done.abort();
    expect(await sweeping).toBeGreaterThan(0);
    const { rows } = await fresh.pool.query<{ key: string }>(
      `select object_key as key from stems union all
       select packs->codec->>'objectKey' from mixes, unnest(array['aac', 'opus']) codec`,
    );
    expect(rows.length).toBeGreaterThanOrEqual(3 * published.length);
    const lost = await Promise.all(rows.map(async ({ key }) => !(await isThere(key))));
    expect(lost.filter(Boolean)).toEqual([]);
    await sweep({ keptMs: -60_000 });
    expect(await sweep({ keptMs: -60_000, mode: 'count' })).toMatchObject({ orphans: 0 });
  });

  test('a row that is being written keeps what it names, and misses what was swept before', async () => {
    const takeId = await publish();
    const key = `stems/${takeId}/old.flac`;
    await place.store.put(key, Buffer.from('left by an attempt that died'), flac);
    let sweeping: Promise<unknown> | undefined;
    await publishing.db.transaction(async (tx) => {
      await claimObjects(tx, place.store, [key]);
      sweeping = sweep({ keptMs: -60_000 });
      await vi.waitFor(async () => {
        const { rows } = await fresh.pool.query(
          `select from pg_locks where locktype = 'advisory' and not granted and database =
           (select oid from pg_database where datname = current_database())`,
        );
        expect(rows).toHaveLength(1);
      }, 30_000);
      await tx.insert(stems).values({ ...stemOf(takeId), objectKey: key });
    });
    await sweeping;
    expect(await isThere(key)).toBe(true);
    await fresh.pool.query('delete from stems where take_id = $1', [takeId]);
    await sweep({ keptMs: -60_000 });
    const late = saveStem(publishing, takeId, { ...stemOf(takeId), objectKey: key });
    await expect(late).rejects.toThrow(ObjectMissing);
  });

  test('a store of which most is nobody’s is taken for somebody else’s', async () => {
    const keys = Array.from({ length: 150 }, () => `stems/${randomUUID()}/x.flac`);
    for (const key of keys) await place.store.put(key, Buffer.from(key), flac);
    await expect(sweep({ days: 31 })).rejects.toThrow(SweepRefused);
    expect(await isThere(keys[0] ?? '')).toBe(true);
    for (const key of keys) await place.store.delete(key);
  });
});
