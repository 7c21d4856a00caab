import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mixes, stories, takes, users } from '#drizzle/schema.ts';
import { storyId, takeId, userId, type StoryId, type TakeId } from '#domain/story/ids.ts';
import { RENDER_VERSION } from '#domain/timeline/mix-key.ts';
import { freshDatabase, type FreshDatabase } from '../../tests/harness/database.ts';
import { changesSince } from './changes.ts';
import { recordEvent, type StoryEvent } from './events.ts';

let fresh: FreshDatabase;
const author = { id: userId(randomUUID()), name: 'Mira', hue: 3 };
const other = { id: userId(randomUUID()), name: 'Jo', hue: 1 };

beforeAll(async () => {
  fresh = await freshDatabase();
  await fresh.db.insert(users).values([author, other]);
});

afterAll(() => fresh.close());

async function plant(): Promise<StoryId> {
  const id = storyId(randomUUID());
  const story = { id, slug: `s-${id}`, title: 'The lighthouse', ownerId: author.id };
  await fresh.db.insert(stories).values(story);
  return id;
}

async function publish(story: StoryId, parentId: TakeId | null, by = author): Promise<TakeId> {
  const id = takeId(randomUUID());
  await fresh.db.insert(takes).values({
    id,
    storyId: story,
    parentId,
    authorId: by.id,
    kind: 'text',
    startSamples: 0,
    durationSamples: 96_000,
    status: 'ready',
  });
  await record({ storyId: story, takeId: id, kind: 'published' });
  return id;
}

const record = (event: StoryEvent) => fresh.db.transaction((tx) => recordEvent(tx, event));

describe('changes of a story', () => {
  test('are none for one that has no later event, or is not there', async () => {
    const story = await plant();
    expect(await changesSince(fresh.db, story, 0)).toBeNull();
    await publish(story, null);
    expect(await changesSince(fresh.db, story, 1)).toBeNull();
    expect(await changesSince(fresh.db, storyId(randomUUID()), 0)).toBeNull();
  });

  test('carry only the takes of later events, with the voices of their authors', async () => {
    const story = await plant();
    const seed = await publish(story, null);
    const branch = await publish(story, seed, other);
    const all = await changesSince(fresh.db, story, 0);
    expect(new Set(all?.takes.map(({ facts }) => facts.id))).toEqual(new Set([seed, branch]));
    expect(all?.meta).toEqual({ title: 'The lighthouse', slug: `s-${story}`, revision: 2 });
    const later = await changesSince(fresh.db, story, 1);
    expect(later?.voices).toEqual([other]);
    expect(later?.takes).toEqual([
      {
        facts: {
          id: branch,
          parentId: seed,
          authorId: other.id,
          kind: 'text',
          startSamples: 0,
          durationSamples: 96_000,
          createdAtMs: expect.any(Number),
        },
        state: { status: 'ready', mixed: false },
      },
    ]);
  });

  test('say that a take is mixed once a renderer has rendered it', async () => {
    const story = await plant();
    const seed = await publish(story, null);
    const pack = { objectKey: 'k', bytes: 1, initBytes: 1, segmentBytes: [] };
    const mixed = async (revision: number) =>
      (await changesSince(fresh.db, story, revision))?.takes.map(({ state }) => state);
    expect(await mixed(0)).toEqual([{ status: 'ready', mixed: false }]);
    await fresh.db.insert(mixes).values({
      takeId: seed,
      // An older one's does: what it rendered plays until it is rendered anew.
      renderVersion: RENDER_VERSION - 1,
      planSha256: 'x',
      firstSegment: 0,
      sounds: [],
      packs: JSON.parse(JSON.stringify({ aac: pack, opus: pack })),
    });
    await record({ storyId: story, takeId: seed, kind: 'mixed' });
    expect(await mixed(1)).toEqual([{ status: 'ready', mixed: true }]);
  });

  test('say that there is another mix of a take, and nothing where one took the place of one', async () => {
    const story = await plant();
    const seed = await publish(story, null);
    const pack = { objectKey: 'k', bytes: 1, initBytes: 1, segmentBytes: [] };
    const mix = {
      takeId: seed,
      renderVersion: RENDER_VERSION,
      firstSegment: 0,
      packs: JSON.parse(JSON.stringify({ aac: pack, opus: pack })),
    };
    const states = async () =>
      (await changesSince(fresh.db, story, 0))?.takes.map(({ state }) => state);
    await fresh.db.insert(mixes).values([
      { ...mix, planSha256: 'before', sounds: [seed], supersededAt: new Date() },
      { ...mix, planSha256: 'now', sounds: [seed] },
    ]);
    expect(await states()).toEqual([{ status: 'ready', mixed: true }]);
    await fresh.db.insert(mixes).values({ ...mix, planSha256: 'hushed', sounds: [] });
    expect(await states()).toEqual([{ status: 'ready', mixed: true, mixes: 2 }]);
  });

  test('of other stories stay there', async () => {
    const [one, two] = [await plant(), await plant()];
    const seed = await publish(one, null);
    await publish(two, null);
    const change = await changesSince(fresh.db, one, 0);
    expect(change?.takes.map(({ facts }) => facts.id)).toEqual([seed]);
  });
});
