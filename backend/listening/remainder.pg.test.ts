import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { eq } from 'drizzle-orm';
import type { Person } from '#domain/access/policy.ts';
import { takeId as takeIdOf, type StoryId, type TakeId, type UserId } from '#domain/story/ids.ts';
import { takes } from '#drizzle/schema.ts';
import { freshDatabase, type FreshDatabase } from '../../tests/harness/database.ts';
import { branchStory } from '../story/branch.ts';
import { setHidden } from '../story/change-take.ts';
import { setDeleted } from '../story/delete-story.ts';
import { plantStory } from '../story/plant.ts';
import { newTakeId, openPublishing, type Publishing } from '../story/testing/publishing.ts';
import { keepPosition } from './positions.ts';
import { readContinuations, readRemainder } from './remainder.ts';

type Somebody = Person & { readonly id: UserId };

let fresh: FreshDatabase;
let site: Publishing;
let mira: Somebody;
let jo: Somebody;
let ida: Somebody;

beforeAll(async () => {
  fresh = await freshDatabase();
  site = await openPublishing(fresh);
  [mira, jo] = [await site.person('Mira'), await site.person('Jo')];
});
beforeEach(async () => {
  ida = await site.person('Ida');
});
afterAll(async () => {
  await site.close();
  await fresh.close();
});

/** Written takes are as long as it takes to read them: this is about a minute of them. */
const words = 'and the mill went round '.repeat(30);
const second = 48_000;

function plant(title: string): Promise<{ storyId: StoryId; takeId: TakeId }> {
  const body = { kind: 'text', words };
  return plantStory(site, mira, { takeId: newTakeId(), title, body });
}

async function answer(by: Person, storyId: StoryId, parentId: TakeId): Promise<TakeId> {
  const body = { kind: 'text', words };
  const takeId = newTakeId();
  await branchStory(site, by, storyId, { takeId, parentId, body });
  return takeId;
}

async function endOf(id: TakeId): Promise<number> {
  const [row] = await fresh.db.select().from(takes).where(eq(takes.id, id));
  return (row?.startSamples ?? 0) + (row?.durationSamples ?? 0);
}

const listen = (storyId: StoryId, leafId: TakeId, positionSamples: number, agoMs = 0) =>
  keepPosition(
    fresh.db,
    { person: ida, storyId },
    { leafId, positionSamples, heardAtMs: Date.now() - agoMs },
  );
async function begin(title: string, positionSamples: number, agoMs: number): Promise<void> {
  const { storyId, takeId } = await plant(title);
  await listen(storyId, takeId, positionSamples, agoMs);
}
const offered = () => readContinuations(fresh.db, ida, 3);

test('somebody goes on in the take in which they were, and is told what is left', async () => {
  const { storyId, takeId } = await plant('The mill');
  const jos = await answer(jo, storyId, takeId);
  const end = await endOf(jos);
  await listen(storyId, jos, 10 * second);
  expect(await offered()).toMatchObject([
    { title: 'The mill', voice: { name: 'Mira' }, remainingSamples: end - 10 * second },
  ]);
  await listen(storyId, jos, end - 10 * second);
  expect(await offered()).toMatchObject([
    { leafId: jos, voice: { name: 'Jo' }, remainingSamples: 10 * second },
  ]);
});

test('what was added behind the place is part of what is left', async () => {
  const { storyId, takeId } = await plant('The well');
  const end = await endOf(takeId);
  await listen(storyId, takeId, end - 10 * second);
  const later = await answer(jo, storyId, takeId);
  expect(await offered()).toMatchObject([
    { leafId: takeId, remainingSamples: (await endOf(later)) - end + 10 * second },
  ]);
});

test('a story that is deleted is not offered, and is again once it is back', async () => {
  const { storyId, takeId } = await plant('The tower');
  await listen(storyId, takeId, 10 * second);
  await setDeleted(fresh.db, mira, { storyId, deleted: true });
  expect(await offered()).toEqual([]);
  const place = { leafId: takeId, positionSamples: 10 * second };
  expect(await readRemainder(fresh.db, place, null)).toBeNull();
  await setDeleted(fresh.db, mira, { storyId, deleted: false });
  expect(await offered()).toMatchObject([{ title: 'The tower' }]);
});

test('what is hidden is not promised, except to those who hear it', async () => {
  const { storyId, takeId } = await plant('The bridge');
  const jos = await answer(jo, storyId, takeId);
  const [seedEnd, end] = [await endOf(takeId), await endOf(jos)];
  await setHidden(site, jo, { takeId: jos, hidden: true });
  const at = (positionSamples: number, viewer: Person | null) =>
    readRemainder(fresh.db, { leafId: jos, positionSamples }, viewer);
  expect(await at(10 * second, null)).toMatchObject({ remainingSamples: seedEnd - 10 * second });
  expect(await at(end - 10 * second, null)).toBeNull();
  expect(await at(end - 10 * second, jo)).toMatchObject({ voice: { name: 'Jo' } });
});

test('a story goes on through what is hidden, to the last take that may be heard', async () => {
  const { storyId, takeId } = await plant('The ferry');
  const jos = await answer(jo, storyId, takeId);
  const idas = await answer(ida, storyId, jos);
  const [seedEnd, josEnd, end] = [await endOf(takeId), await endOf(jos), await endOf(idas)];
  const at = (positionSamples: number) =>
    readRemainder(fresh.db, { leafId: idas, positionSamples }, null);
  await setHidden(site, jo, { takeId: jos, hidden: true });
  for (const [place, name] of [
    [10 * second, 'Mira'],
    [seedEnd + second, 'Mira'],
    [josEnd + second, 'Ida'],
  ] as const) {
    expect(await at(place)).toMatchObject({ voice: { name }, remainingSamples: end - place });
  }
  // Nobody has been heard yet: whoever comes next is named.
  await setHidden(site, mira, { takeId, hidden: true });
  expect(await at(10 * second)).toMatchObject({ voice: { name: 'Ida' } });
  await setHidden(site, mira, { takeId: idas, hidden: true });
  expect(await at(10 * second)).toBeNull();
});

test('the newest come first, and what was heard to its end or hardly begun is left out', async () => {
  await begin('One', 10 * second, 3_000);
  await begin('Two', 0, 2_000);
  await begin('Three', 4 * second, 1_000);
  await begin('Four', 20 * second, 0);
  expect((await offered()).map(({ title }) => title)).toEqual(['Four', 'One']);
  expect(await readContinuations(fresh.db, jo, 3)).toEqual([]);
});

test('nothing is offered behind the end of what is left', async () => {
  const { storyId, takeId } = await plant('The sea');
  await listen(storyId, takeId, (await endOf(takeId)) - second);
  expect(await offered()).toEqual([]);
  const place = { leafId: newTakeId(), positionSamples: 0 };
  expect(await readRemainder(fresh.db, place, null)).toBeNull();
});

test('what is left of a story without end is known a thousand takes far', async () => {
  const { storyId, takeId } = await plant('The river');
  const seedEnd = await endOf(takeId);
  const below = Array.from({ length: 1_200 }, () => takeIdOf(randomUUID()));
  await fresh.db.insert(takes).values(
    below.map((id, at) => ({
      id,
      storyId,
      parentId: below[at - 1] ?? takeId,
      authorId: jo.id,
      kind: 'text' as const,
      status: 'ready' as const,
      startSamples: seedEnd + at * second,
      durationSamples: second,
    })),
  );
  const place = { leafId: takeId, positionSamples: seedEnd };
  expect(await readRemainder(fresh.db, place, null)).toMatchObject({
    remainingSamples: 1_000 * second,
  });
});
