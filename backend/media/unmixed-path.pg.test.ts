import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stems, stories, takes, uploads, users } from '#drizzle/schema.ts';
import { storyId, takeId, uploadId, userId, type TakeId } from '#domain/story/ids.ts';
import { SEGMENT_SAMPLES } from '#domain/timeline/grid.ts';
import { freshDatabase, type FreshDatabase } from '../../tests/harness/database.ts';
import { unmixedPath } from './unmixed-path.ts';

let database: FreshDatabase;
const ids = Array.from({ length: 5 }, () => takeId(randomUUID()));
const id = (index: number): TakeId => ids[index] ?? takeId('');
const author = userId(randomUUID());

/** Four spoken takes, each over the tail of the one before, and words after them. */
beforeAll(async () => {
  database = await freshDatabase();
  const story = storyId(randomUUID());
  await database.db.insert(users).values({ id: author, name: 'Mira', hue: 0 });
  await database.db
    .insert(stories)
    .values({ id: story, slug: 'river', title: 'River', ownerId: author });
  const common = { storyId: story, authorId: author, status: 'ready' } as const;
  const long = 3 * SEGMENT_SAMPLES;
  for (const [index, startSamples] of [0, 0, long, 2 * long, 4 * long].entries()) {
    const uploaded = uploadId(randomUUID());
    if (index < 4) {
      await database.db.insert(uploads).values({
        id: uploaded,
        userId: author,
        objectKey: `uploads/${index}`,
        storeUploadId: randomUUID(),
        bytes: 1,
        sha256: '0'.repeat(64),
        contentType: 'audio/wav',
        state: 'complete',
      });
    }
    await database.db.insert(takes).values({
      ...common,
      ...(index < 4 && { uploadId: uploaded }),
      id: id(index),
      kind: index === 4 ? 'text' : 'voice',
      ...(index > 0 && { parentId: id(index - 1) }),
      startSamples,
      durationSamples: index === 0 ? long : 2 * long,
    });
    if (index === 4) continue;
    await database.db.insert(stems).values({
      takeId: id(index),
      objectKey: `stems/${index}`,
      sha256: `${index}`,
      bytes: 1,
      durationSamples: 2 * long,
      gainDb: -3,
      silences: [],
      peaks: Buffer.alloc(2),
      peaks10: Buffer.alloc(2),
      peaks1: Buffer.alloc(2),
    });
  }
});
afterAll(() => database.close());

const read = async (rendered: number) => {
  const path = await unmixedPath(database.db, id(4), { rendered, hears: () => true });
  return { unmixed: path.unmixed, ids: path.sources.map((source) => ids.indexOf(source.id)) };
};

test('what is not rendered comes with the takes whose tails sound in it, and no others', async () => {
  expect(await read(2)).toEqual({ unmixed: 3, ids: [1, 2, 3, 4] });
  expect(await read(3)).toEqual({ unmixed: 2, ids: [2, 3, 4] });
  expect(await read(0)).toEqual({ unmixed: 5, ids: [0, 1, 2, 3, 4] });
  expect(await read(5)).toEqual({ unmixed: 0, ids: [] });
});

test('stems come with their gain and place, written takes are silent', async () => {
  const { sources } = await unmixedPath(database.db, id(4), { rendered: 4, hears: () => true });
  expect(sources.at(-1)).toMatchObject({ id: id(4), stem: null, objectKey: null });
  const { sources: spoken } = await unmixedPath(database.db, id(3), {
    rendered: 3,
    hears: () => true,
  });
  expect(spoken.at(-1)).toEqual({
    id: id(3),
    hidden: false,
    startSamples: 6 * SEGMENT_SAMPLES,
    durationSamples: 6 * SEGMENT_SAMPLES,
    stem: { sha256: '3', gainDb: -3 },
    objectKey: 'stems/3',
  });
});

const hears = ({ hidden }: { hidden: boolean }): boolean => !hidden;

test('what the listener may not hear is silent', async () => {
  const { pool } = database;
  await pool.query('update takes set hidden_at = now() where id = $1', [id(2)]);
  const { sources, unmixed } = await unmixedPath(database.db, id(4), { rendered: 2, hears });
  expect(unmixed).toBe(3);
  expect(sources.map(({ stem }) => stem?.sha256)).toEqual(['1', undefined, '3', undefined]);
});

test('it ends before what is not ready', async () => {
  const { pool } = database;
  await pool.query(
    `update takes set status = 'processing', duration_samples = null where id = $1`,
    [id(4)],
  );
  expect(await read(2)).toEqual({ unmixed: 2, ids: [1, 2, 3] });
  await pool.query('delete from stems where take_id = $1', [id(3)]);
  expect(await read(2)).toEqual({ unmixed: 1, ids: [1, 2] });
});
