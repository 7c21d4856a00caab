import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Person } from '#domain/access/policy.ts';
import { Problem } from '#domain/protocol/problem.ts';
import type { StoryId, TakeId } from '#domain/story/ids.ts';
import { stories, storyEvents, takes } from '#drizzle/schema.ts';
import { freshDatabase, type FreshDatabase } from '../../tests/harness/database.ts';
import { brokenConstraint } from '../postgres/query-error.ts';
import { follow } from '../notifications/follow.ts';
import { countUnread, readInbox, readLine } from '../notifications/inbox.ts';
import { branchStory } from './branch.ts';
import { changeStory, giveRole } from './change-story.ts';
import { setHidden, setLiked } from './change-take.ts';
import { checkStory } from './check-story.ts';
import { deletedStories, RETURN_DAYS, setDeleted, wasDeleted } from './delete-story.ts';
import { readWaitingTails } from './glimpses.ts';
import { listStories } from './list.ts';
import { plantStory } from './plant.ts';
import { readTake } from './read-take.ts';
import { readStory } from './read.ts';
import { assertHears, standingAt, standingBySlug, standingIn } from './standing.ts';
import { newTakeId, openPublishing, type Publishing } from './testing/publishing.ts';

let fresh: FreshDatabase;
let site: Publishing;
let olga: Person;
let jo: Person;
let story: { storyId: StoryId; takeId: TakeId; slug: string };

beforeAll(async () => {
  fresh = await freshDatabase();
  site = await openPublishing(fresh);
});
beforeEach(async () => {
  [olga, jo] = await Promise.all([site.person('Olga'), site.person('Jo')]);
  story = await plantStory(site, olga, {
    takeId: newTakeId(),
    title: 'The pier',
    body: { kind: 'text', words: 'Once there was a pier.' },
  });
});
afterAll(async () => {
  await site.close();
  await fresh.close();
});

const refusalOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof Problem ? error.code : String(error)),
  );

const remove = (by = olga) => setDeleted(fresh.db, by, { storyId: story.storyId, deleted: true });
const bringBack = (by = olga) =>
  setDeleted(fresh.db, by, { storyId: story.storyId, deleted: false });

const branch = () =>
  branchStory(site, jo, story.storyId, {
    takeId: newTakeId(),
    parentId: story.takeId,
    body: { kind: 'text', words: 'And then the tide came in.' },
  });

const plantAnother = () =>
  plantStory(site, jo, {
    takeId: newTakeId(),
    title: 'The pier',
    body: { kind: 'text', words: 'Another pier.' },
  });

async function isListed(): Promise<boolean> {
  const page = await listStories(fresh.db, { limit: 100 });
  return page.stories.some(({ id }) => id === story.storyId);
}

async function isWaiting(): Promise<boolean> {
  return (await readWaitingTails(fresh.db, 1_000)).some(({ slug }) => slug === story.slug);
}

test('its owner deletes a story, and for everybody it is not there', async () => {
  expect([await isListed(), await isWaiting()]).toEqual([true, true]);
  await remove();
  const { storyId, takeId, slug } = story;
  expect([await isListed(), await isWaiting(), await wasDeleted(fresh.db, slug)]).toEqual([
    false,
    false,
    true,
  ]);
  for (const person of [olga, jo, null]) {
    expect(await readStory(fresh.db, slug, person)).toBeNull();
    expect(await readTake(fresh.db, takeId, person)).toBeNull();
    expect(await standingIn(fresh.db, storyId, person)).toBeNull();
    expect(await standingBySlug(fresh.db, slug, person)).toBeNull();
    expect(await standingAt(fresh.db, takeId, person)).toBeNull();
    expect(await refusalOf(assertHears(fresh.db, takeId, person))).toBe('not_found');
  }
});

test('no command does anything to a story that is deleted, and none tells that it is', async () => {
  await remove();
  const { db } = fresh;
  const { storyId, takeId } = story;
  const refusals = [
    branch(),
    changeStory(db, olga, storyId, { title: 'Later' }),
    changeStory(db, olga, storyId, { openness: 'members' }),
    giveRole(db, olga, storyId, { userId: jo.id, role: 'keeper' }),
    setHidden(site, olga, { takeId, hidden: true }),
    setLiked(db, jo, { takeId, liked: true }),
    follow(db, jo.id, storyId),
    bringBack(jo),
    remove(jo),
  ];
  expect(await Promise.all(refusals.map(refusalOf))).toEqual(refusals.map(() => 'not_found'));
  expect(await db.$count(takes, eq(takes.storyId, storyId))).toBe(1);
});

test('known failure 22: a take that is published while its story is deleted is in it, or is told why not', async () => {
  const work = Array.from({ length: 12 }, (_, at) =>
    at === 5 ? remove().then(() => 'deleted') : refusalOf(branch()),
  );
  const outcomes = await Promise.all(work);
  const published = outcomes.filter((outcome) => outcome === 'done').length;
  const refused = outcomes.filter((outcome) => outcome === 'not_found').length;
  expect(published + refused).toBe(11);
  const left = eq(takes.storyId, story.storyId);
  expect(await fresh.db.$count(takes, left)).toBe(1 + published);
  await bringBack();
  expect((await readStory(fresh.db, story.slug, jo))?.takes).toHaveLength(1 + published);
  expect(await checkStory(fresh.db, story.storyId)).toEqual([]);
  // Whatever else might delete rows: none that another one stands on.
  await branch();
  await expect(fresh.db.delete(takes).where(eq(takes.id, story.takeId))).rejects.toSatisfy(
    (error) => brokenConstraint(error)?.constraint === 'takes_parent_fk',
  );
});

test('known failure 27: a story has its title and address whatever becomes of others of that title', async () => {
  const [second, third] = [await plantAnother(), await plantAnother()];
  await remove();
  await plantAnother();
  for (const { slug, takeId } of [second, third]) {
    const read = await readStory(fresh.db, slug, null);
    expect([read?.meta.title, read?.takes.map(({ id }) => id)]).toEqual(['The pier', [takeId]]);
  }
  expect(new Set([story, second, third].map(({ slug }) => slug)).size).toBe(3);
});

test('only its owner may: keepers and strangers are told that there is no such story', async () => {
  await giveRole(fresh.db, olga, story.storyId, { userId: jo.id, role: 'keeper' });
  expect(await refusalOf(remove(jo))).toBe('not_found');
  expect(await isListed()).toBe(true);
});

test('deleting and bringing back are each done once, and recorded', async () => {
  for (const step of [remove, remove, bringBack, bringBack, remove, bringBack]) await step();
  const rows = await fresh.db
    .select()
    .from(storyEvents)
    .where(eq(storyEvents.storyId, story.storyId))
    .orderBy(storyEvents.revision);
  expect(rows.map(({ kind }) => kind)).toEqual([
    'published',
    'deleted',
    'restored',
    'deleted',
    'restored',
  ]);
  const [row] = await fresh.db.select().from(stories).where(eq(stories.id, story.storyId));
  expect(row).toMatchObject({ revision: 5, standingRevision: 5, deletedAt: null });
});

test('a story that was brought back is as it was, and goes on', async () => {
  const { takeId: second } = await branch();
  await setLiked(fresh.db, jo, { takeId: story.takeId, liked: true });
  const before = await readStory(fresh.db, story.slug, jo);
  await remove();
  await bringBack();
  const after = await readStory(fresh.db, story.slug, jo);
  expect(after?.takes).toEqual(before?.takes);
  expect(after?.takes.map(({ id }) => id)).toContain(second);
  expect([await isListed(), await wasDeleted(fresh.db, story.slug)]).toEqual([true, false]);
  expect(await checkStory(fresh.db, story.storyId)).toEqual([]);
  await branch();
});

test('what is deleted can be brought back for thirty days, by its owner alone', async () => {
  await remove();
  const [mine] = await deletedStories(fresh.db, olga.id);
  expect(mine).toMatchObject({ id: story.storyId, title: 'The pier' });
  expect(mine?.returnsUntilMs).toBeGreaterThan(Date.now() + (RETURN_DAYS - 1) * 86_400_000);
  expect(await deletedStories(fresh.db, jo.id)).toEqual([]);
  await fresh.pool.query(
    `update stories set deleted_at = now() - interval '31 days' where id = $1`,
    [story.storyId],
  );
  expect(await deletedStories(fresh.db, olga.id)).toEqual([]);
  expect(await refusalOf(bringBack())).toBe('not_found');
  expect(await wasDeleted(fresh.db, story.slug)).toBe(true);
});

test('alerts about a deleted story are out of the inbox and not sent; they come back with it', async () => {
  await branch();
  const [line] = await readInbox(fresh.db, olga.id);
  if (line === undefined) throw new Error('Olga was told nothing');
  const inbox = async () => [
    (await readInbox(fresh.db, olga.id)).length,
    await countUnread(fresh.db, olga.id),
    await readLine(fresh.db, line.id),
  ];
  expect(await inbox()).toEqual([1, 1, expect.objectContaining({ id: line.id })]);
  await remove();
  expect(await inbox()).toEqual([0, 0, null]);
  await bringBack();
  expect(await inbox()).toEqual([1, 1, expect.objectContaining({ id: line.id })]);
});
