import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { takeId, type StoryId, type TakeId } from '#domain/story/ids.ts';
import { freshDatabase, type FreshDatabase } from '../../tests/harness/database.ts';
import { plantStory } from '../story/plant.ts';
import { newTakeId, openPublishing, type Publishing } from '../story/testing/publishing.ts';
import { keepPosition, readPosition } from './positions.ts';

let fresh: FreshDatabase;
let site: Publishing;
let listener: Parameters<typeof readPosition>[1];
let story: { storyId: StoryId; takeId: TakeId };

beforeAll(async () => {
  fresh = await freshDatabase();
  site = await openPublishing(fresh);
});
beforeEach(async () => {
  const mira = await site.person('Mira');
  story = await plantStory(site, mira, {
    takeId: newTakeId(),
    title: 'The mill',
    body: { kind: 'text', words: 'Once there was a mill.' },
  });
  listener = { person: await site.person('Jo'), storyId: story.storyId };
});
afterAll(async () => {
  await site.close();
  await fresh.close();
});

const HOUR_MS = 3_600_000;
const keep = (positionSamples: number, heardAtMs: number) =>
  keepPosition(fresh.db, listener, { leafId: story.takeId, positionSamples, heardAtMs });
const kept = () => readPosition(fresh.db, listener);

test('an older position never overwrites a newer one, in whatever order they arrive', async () => {
  const from = Date.now() - HOUR_MS;
  const places = Array.from({ length: 100 }, (_, at) => ({ at, order: (at * 37) % 100 }));
  const shuffled = places.toSorted((a, b) => a.order - b.order);
  await Promise.all(shuffled.map(({ at }) => keep(at * 1_000, from + at)));
  expect(await kept()).toEqual({
    leafId: story.takeId,
    positionSamples: 99_000,
    heardAtMs: from + 99,
  });
  await keep(5, from + 50);
  expect(await kept()).toMatchObject({ positionSamples: 99_000 });
});

test('a clock that runs ahead does not outlast the devices whose clocks are right', async () => {
  await keep(1_000, Date.now() + 24 * HOUR_MS);
  expect((await kept())?.heardAtMs).toBeLessThanOrEqual(Date.now());
  await keep(2_000, Date.now() + HOUR_MS);
  // Both count as now; the one that arrived later was heard later.
  expect(await kept()).toMatchObject({ positionSamples: 2_000 });
});

test('each has their own, and takes of other stories are no place to be', async () => {
  await keep(7, Date.now());
  const other = { ...listener, person: await site.person('Ines') };
  expect(await readPosition(fresh.db, other)).toBeNull();
  const elsewhere = { leafId: takeId(randomUUID()), positionSamples: 0, heardAtMs: 0 };
  await expect(keepPosition(fresh.db, listener, elsewhere)).rejects.toThrow('no such take');
});
