// What a listener waits for, on a real database and queue: the playlist, and not what is made newer.
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { openDatabase } from '#backend/postgres/database.ts';
import { renewMixes } from '#backend/media/renew-mixes.ts';
import { plantStory } from '#backend/story/plant.ts';
import { newTakeId, openPublishing, type Publishing } from '../backend/story/testing/publishing.ts';
import type { TakeId } from '#domain/story/ids.ts';
import { RENDER_VERSION } from '#domain/timeline/mix-key.ts';
import type { Pack } from '#domain/timeline/path-packs.ts';
import { mixes } from '#drizzle/schema.ts';
import { pathPlaylist } from '../web/src/lib/server/path-playlist.ts';
import { freshDatabase, type FreshDatabase } from './harness/database.ts';

let fresh: FreshDatabase;
let site: Publishing;
beforeAll(async () => {
  fresh = await freshDatabase();
  site = await openPublishing(fresh);
});
afterAll(async () => {
  await site.close();
  await fresh.close();
});

/** A take that an older renderer rendered. */
async function outdatedTake(): Promise<TakeId> {
  const author = await site.person('Mia');
  const { takeId } = await plantStory(site, author, {
    takeId: newTakeId(),
    title: 'The tide',
    body: { kind: 'text', words: 'The tide was out.' },
  });
  const pack: Pack = {
    objectKey: `packs/old/${takeId}.mp4`,
    sha256: '0'.repeat(64),
    bytes: 30,
    initBytes: 10,
    segments: [{ offset: 10, bytes: 20, durationSamples: 92_160 }],
  };
  await fresh.db.insert(mixes).values({
    takeId,
    renderVersion: RENDER_VERSION - 1,
    planSha256: takeId,
    firstSegment: 0,
    sounds: [],
    packs: { aac: pack, opus: pack },
  });
  return takeId;
}

const renewals = async (takeId: TakeId): Promise<number> => {
  const { rows } = await fresh.pool.query(
    `select from pgboss.job where name = 'mix.renew' and data->>'takeId' = $1`,
    [takeId],
  );
  return rows.length;
};

test('a playlist is answered before newer mixes of it are asked for', async () => {
  const takeId = await outdatedTake();
  const other = await fresh.pool.connect();
  try {
    await other.query('begin');
    await other.query('lock table pgboss.job');
    const deps = { ...site, log: fresh.log, isOwnStore: true };
    const playlist = await pathPlaylist(deps, takeId, { codec: 'aac', viewer: null });
    expect(playlist).toMatchObject({ complete: true, stretches: [{ takeId }] });
  } finally {
    await other.query('rollback');
    other.release();
  }
  await vi.waitFor(async () => expect(await renewals(takeId)).toBe(1), 20_000);
});

test('newer mixes that cannot be asked for are a line in the log, and nothing else', async () => {
  const takeId = await outdatedTake();
  const away = openDatabase(fresh.url, fresh);
  await away.close();
  const warned = vi.spyOn(fresh.log, 'warn');
  onTestFinished(() => warned.mockRestore());
  await renewMixes({ ...site, db: away.db, log: fresh.log }, [takeId]);
  expect(warned).toHaveBeenCalledOnce();
  expect(await renewals(takeId)).toBe(0);
});
