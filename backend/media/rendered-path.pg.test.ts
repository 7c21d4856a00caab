import { randomUUID } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mixes, stories, takes, users } from '#drizzle/schema.ts';
import { storyId, takeId, userId, type TakeId } from '#domain/story/ids.ts';
import { RENDER_VERSION } from '#domain/timeline/mix-key.ts';
import type { Pack } from '#domain/timeline/path-packs.ts';
import { freshDatabase, type FreshDatabase } from '../../tests/harness/database.ts';
import { renderedPath, type Hears } from './rendered-path.ts';

let database: FreshDatabase;
const [seed, middle, leaf] = [takeId(randomUUID()), takeId(randomUUID()), takeId(randomUUID())];

const pack = (name: string): Pack => ({
  objectKey: `mixes/${name}`,
  sha256: '0'.repeat(64),
  bytes: 30,
  initBytes: 10,
  segments: [{ offset: 10, bytes: 20, durationSamples: 5 }],
});

async function mix(
  id: TakeId,
  name: string,
  more: Partial<typeof mixes.$inferInsert> = {},
): Promise<void> {
  await database.db.insert(mixes).values({
    takeId: id,
    renderVersion: RENDER_VERSION,
    planSha256: name,
    firstSegment: 7,
    sounds: [id],
    packs: { aac: pack(`${name}-aac`), opus: pack(`${name}-opus`) },
    ...more,
  });
}

beforeAll(async () => {
  database = await freshDatabase();
  const author = userId(randomUUID());
  const story = storyId(randomUUID());
  await database.db.insert(users).values({ id: author, name: 'Mira', hue: 0 });
  await database.db
    .insert(stories)
    .values({ id: story, slug: 'river', title: 'River', ownerId: author });
  const common = { storyId: story, authorId: author, kind: 'text', status: 'ready' } as const;
  await database.db.insert(takes).values([
    { ...common, id: seed, startSamples: 0, durationSamples: 100 },
    { ...common, id: middle, parentId: seed, startSamples: 100, durationSamples: 100 },
    { ...common, id: leaf, parentId: middle, startSamples: 200, durationSamples: 100 },
  ]);
});
afterAll(() => database.close());

const everything: Hears = () => true;

const keysOf = async (id: TakeId, codec: 'aac' | 'opus', hears?: Hears) => {
  const path = await renderedPath(database.db, id, codec, hears);
  return path && { complete: path.complete, keys: path.rendered.map((t) => t.pack.objectKey) };
};

test('a path reaches as far as it is rendered without a gap, in what has not been superseded', async () => {
  expect(await keysOf(leaf, 'aac')).toEqual({ complete: false, keys: [] });
  await mix(seed, 'seed', { supersededAt: new Date() });
  await mix(leaf, 'leaf');
  expect(await keysOf(leaf, 'aac')).toEqual({ complete: false, keys: [] });
  await mix(seed, 'seed-again');
  expect(await keysOf(leaf, 'aac')).toEqual({ complete: false, keys: ['mixes/seed-again-aac'] });
  await mix(middle, 'middle', { renderVersion: RENDER_VERSION - 1, sounds: [seed, middle] });
  expect(await keysOf(leaf, 'opus')).toEqual({
    complete: true,
    keys: ['mixes/seed-again-opus', 'mixes/middle-opus', 'mixes/leaf-opus'],
  });
  const path = await renderedPath(database.db, middle, 'aac');
  expect(path?.outdated).toEqual([middle]);
  expect(path?.rendered.at(-1)).toEqual({
    takeId: middle,
    startSamples: 100,
    firstSegment: 7,
    pack: pack('middle-aac'),
  });
});

test('nobody gets a mix with a voice that is hidden from them, and others lose nothing', async () => {
  await database.db.update(takes).set({ hiddenAt: new Date() }).where(eq(takes.id, seed));
  const all = ['mixes/seed-again-aac', 'mixes/middle-aac', 'mixes/leaf-aac'];
  expect(await keysOf(leaf, 'aac')).toEqual({ complete: false, keys: [] });
  expect(await keysOf(leaf, 'aac', everything)).toEqual({ complete: true, keys: all });
  const ended = await renderedPath(database.db, leaf, 'aac');
  expect(ended?.outdated).toEqual([seed]);
  await mix(seed, 'hushed-seed', { sounds: [] });
  expect(await keysOf(leaf, 'aac')).toEqual({ complete: false, keys: ['mixes/hushed-seed-aac'] });
  await mix(middle, 'hushed-middle', { sounds: [middle] });
  expect(await keysOf(leaf, 'aac')).toEqual({
    complete: true,
    keys: ['mixes/hushed-seed-aac', 'mixes/hushed-middle-aac', 'mixes/leaf-aac'],
  });
  expect(await keysOf(leaf, 'aac', everything)).toEqual({ complete: true, keys: all });
});

test('a mix that does not say whose voices it holds is refused: it might be given to anybody', async () => {
  const asBefore = database.pool.query(
    `insert into mixes (take_id, render_version, plan_sha256, first_segment, packs)
     select take_id, render_version, 'of an older worker', first_segment, packs from mixes limit 1`,
  );
  await expect(asBefore).rejects.toThrow(/null value in column "sounds"/u);
});

test('a take whose rendering was given up is asked for again', async () => {
  const lost = takeId(randomUUID());
  const [parent] = await database.db.select().from(takes).where(eq(takes.id, leaf));
  if (parent === undefined) throw new Error('there is no leaf');
  const late = { id: lost, parentId: leaf, startSamples: 300, createdAt: new Date(0) };
  await database.db.insert(takes).values({ ...parent, ...late });
  const path = await renderedPath(database.db, lost, 'aac', everything);
  expect(path).toMatchObject({ complete: false, outdated: expect.arrayContaining([lost]) });
});

test('a take that is not there has no path', async () => {
  expect(await renderedPath(database.db, takeId(randomUUID()), 'aac')).toBeNull();
});
