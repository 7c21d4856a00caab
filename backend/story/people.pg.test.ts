import { randomUUID } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { MemberRole, Person } from '#domain/access/policy.ts';
import { Problem } from '#domain/protocol/problem.ts';
import { storyId, takeId, userId, type StoryId, type TakeId } from '#domain/story/ids.ts';
import { stories, storyEvents, takes } from '#drizzle/schema.ts';
import { freshDatabase, type FreshDatabase } from '../../tests/harness/database.ts';
import { branchStory } from './branch.ts';
import { changesSince } from './changes.ts';
import { changeStory, giveRole } from './change-story.ts';
import { MOST_RENDERED, setHidden, setLiked } from './change-take.ts';
import { likedBy, readPeople } from './people.ts';
import { plantStory } from './plant.ts';
import { TAKES_PER_HOUR, WARN_BELOW } from './quota.ts';
import { readStory } from './read.ts';
import { assertHears } from './standing.ts';
import { newTakeId, openPublishing, type Publishing } from './testing/publishing.ts';

let fresh: FreshDatabase;
let site: Publishing;
let owner: Person;
let jo: Person;
let story: { storyId: StoryId; seed: TakeId; slug: string };

beforeAll(async () => {
  fresh = await freshDatabase();
  site = await openPublishing(fresh);
});

beforeEach(async () => {
  [owner, jo] = await Promise.all([site.person('Olga'), site.person('Jo')]);
  const {
    storyId: id,
    takeId: seed,
    slug,
  } = await plantStory(site, owner, {
    takeId: newTakeId(),
    title: 'The pier',
    body: { kind: 'text', words: 'Once there was a pier.' },
  });
  story = { storyId: id, seed, slug };
});

afterAll(async () => {
  await site.close();
  await fresh.close();
});

const refusal = (work: Promise<unknown>): Promise<Problem> =>
  work.then(
    () => expect.unreachable('it should have been refused'),
    (error: Problem) => error,
  );

const branchBy = (by: Person, parentId = story.seed) =>
  branchStory(site, by, story.storyId, {
    takeId: newTakeId(),
    parentId,
    body: { kind: 'text', words: 'And then the tide came in.' },
  });

const give = (who: Person, role: MemberRole | null, by: Person = owner) =>
  giveRole(fresh.db, by, story.storyId, { userId: who.id, role });

async function events(): Promise<string[]> {
  const rows = await fresh.db
    .select()
    .from(storyEvents)
    .where(eq(storyEvents.storyId, story.storyId))
    .orderBy(storyEvents.revision);
  expect(rows.map(({ revision }) => revision)).toEqual(rows.map((_, index) => index + 1));
  return rows.map(({ kind }) => kind);
}

/** Everything that a refused command might have changed. */
async function everything() {
  const [row] = await fresh.db.select().from(stories).where(eq(stories.id, story.storyId));
  const all = await fresh.db.select().from(takes).where(eq(takes.storyId, story.storyId));
  return { row, all, people: await readPeople(fresh.db, story.storyId), events: await events() };
}

describe('what is not one’s own to do', () => {
  test('and what is not there are refused alike, and change nothing', async () => {
    const keeper = await site.person('Kim');
    await give(keeper, 'keeper');
    await give(jo, 'listener');
    const before = await everything();
    const title = { title: 'Mine now' };
    const members = { openness: 'members' as const };
    const self = { userId: jo.id, role: 'keeper' as const };
    const nowhere = storyId(randomUUID());
    const unknown = takeId(randomUUID());
    const tries = [
      changeStory(fresh.db, jo, story.storyId, title),
      changeStory(fresh.db, jo, nowhere, title),
      changeStory(fresh.db, keeper, story.storyId, members),
      giveRole(fresh.db, jo, story.storyId, self),
      giveRole(fresh.db, keeper, story.storyId, self),
      giveRole(fresh.db, jo, nowhere, self),
      giveRole(fresh.db, owner, story.storyId, { ...self, userId: userId(randomUUID()) }),
      setHidden(site, jo, { takeId: story.seed, hidden: true }),
      setHidden(site, jo, { takeId: unknown, hidden: true }),
      setLiked(fresh.db, jo, { takeId: story.seed, liked: true }),
      setLiked(fresh.db, jo, { takeId: unknown, liked: true }),
      branchBy(jo),
    ];
    const said = (await Promise.all(tries.map(refusal))).map(({ code, message }) => ({
      code,
      message,
    }));
    expect(said[0]?.code).toBe('not_found');
    expect(new Set(said.map((each) => JSON.stringify(each))).size).toBe(1);
    expect(await everything()).toEqual(before);
  });

  test('is one’s ownership too: the owner stays, and nobody else becomes it', async () => {
    expect(await refusal(give(owner, 'listener'))).toMatchObject({ code: 'conflict' });
    expect(await refusal(give(owner, null))).toMatchObject({ code: 'conflict' });
    await give(jo, 'keeper');
    expect(await refusal(give(owner, 'listener', jo))).toMatchObject({ code: 'not_found' });
    expect((await readStory(fresh.db, story.slug, owner))?.standing.role).toBe('owner');
  });
});

describe('a story', () => {
  test('is open to anybody with a session until its owner says members', async () => {
    await branchBy(jo);
    await changeStory(fresh.db, owner, story.storyId, { openness: 'members' });
    expect(await refusal(branchBy(jo))).toMatchObject({ code: 'not_found' });
    await give(jo, 'teller');
    await branchBy(jo);
    await give(jo, null);
    expect(await refusal(branchBy(jo))).toMatchObject({ code: 'not_found' });
    await changeStory(fresh.db, owner, story.storyId, { openness: 'open' });
    await branchBy(jo);
  });

  test('is retitled by its owner and keepers, in the tree too, and keeps its address', async () => {
    await give(jo, 'keeper');
    await changeStory(fresh.db, jo, story.storyId, { title: 'The long pier' });
    await changeStory(fresh.db, jo, story.storyId, { title: 'The long pier' });
    expect(await events()).toEqual(['published', 'members', 'retitled']);
    const change = await changesSince(fresh.db, story.storyId, 2);
    expect(change?.meta).toEqual({ title: 'The long pier', slug: story.slug, revision: 3 });
  });

  test('a role that is given twice is one event', async () => {
    await give(jo, 'keeper');
    await give(jo, 'keeper');
    await give(jo, 'teller');
    await give(jo, null);
    await give(jo, null);
    expect(await events()).toEqual(['published', 'members', 'members', 'members']);
  });

  test('lists its owner, members and voices', async () => {
    const kim = await site.person('Kim');
    await site.person('A stranger');
    await give(kim, 'commenter');
    await branchBy(jo);
    const people = await readPeople(fresh.db, story.storyId);
    expect(
      people
        .map(({ name, role, isOwner, takeCount }) => [name, role, isOwner, takeCount])
        .toSorted(([a], [b]) => String(a).localeCompare(String(b))),
    ).toEqual([
      ['Jo', null, false, 1],
      ['Kim', 'commenter', false, 0],
      ['Olga', null, true, 1],
    ]);
  });
});

const likeCount = async (id: TakeId) =>
  (await fresh.db.select().from(takes).where(eq(takes.id, id)))[0]?.likeCount;

describe('a take', () => {
  test('is liked once by one person, however often and at once they ask', async () => {
    const like = (by: Person, liked: boolean) =>
      setLiked(fresh.db, by, { takeId: story.seed, liked });
    await Promise.all([like(jo, true), like(jo, true), like(jo, true), like(owner, true)]);
    expect(await likeCount(story.seed)).toBe(2);
    expect(await likedBy(fresh.db, story.storyId, jo.id)).toEqual(new Set([story.seed]));
    await like(jo, false);
    await like(jo, false);
    expect(await likeCount(story.seed)).toBe(1);
    expect(await events()).toEqual(['published', 'likes', 'likes', 'likes']);
    const change = await changesSince(fresh.db, story.storyId, 3);
    expect(change?.takes[0]?.state).toMatchObject({ status: 'ready', likes: 1 });
  });

  test('that is hidden is a tombstone: its children stay, its words and sound do not', async () => {
    const { takeId: his } = await branchBy(jo);
    const { takeId: below } = await branchBy(owner, his);
    await setHidden(site, jo, { takeId: his, hidden: true });
    await setHidden(site, jo, { takeId: his, hidden: true });
    expect(await events()).toEqual(['published', 'published', 'published', 'hidden']);
    const change = await changesSince(fresh.db, story.storyId, 3);
    expect(change?.takes.map(({ facts, state }) => [facts.id, state.hidden])).toEqual([
      [his, true],
    ]);

    const stranger = await site.person('Sam');
    const seen = await readStory(fresh.db, story.slug, stranger);
    expect(seen?.takes.map(({ id }) => id)).toEqual([story.seed, his, below]);
    expect([...(seen?.words.keys() ?? [])]).toEqual([story.seed, below]);
    expect((await readStory(fresh.db, story.slug, jo))?.words.has(his)).toBe(true);
    expect((await readStory(fresh.db, story.slug, owner))?.words.has(his)).toBe(true);
    for (const viewer of [stranger, null]) {
      expect(await refusal(assertHears(fresh.db, his, viewer))).toMatchObject({
        code: 'not_found',
      });
    }
    await assertHears(fresh.db, his, jo);
    await assertHears(fresh.db, below, stranger);
    expect(await refusal(branchBy(stranger, his))).toMatchObject({ code: 'parent_unusable' });
    expect(await branchBy(stranger, below)).toMatchObject({ storyId: story.storyId });
    expect(await refusal(setLiked(fresh.db, stranger, { takeId: his, liked: true }))).toMatchObject(
      { code: 'not_found' },
    );

    await setHidden(site, owner, { takeId: his, hidden: false });
    expect((await readStory(fresh.db, story.slug, stranger))?.words.has(his)).toBe(true);
    expect((await events()).at(-1)).toBe('shown');
  });
});

test('to hide a take has no more rendered at once than is bounded, however many grow out of it', async () => {
  await publishedAgo(MOST_RENDERED + 100, '2 hours');
  const renders = async () => {
    const { rows } = await fresh.pool.query<{ jobs: number }>(
      `select count(*)::int as jobs from pgboss.job join takes on takes.id::text = data->>'takeId'
       where name = 'take.render' and story_id = $1 and created_at < now() - interval '1 hour'`,
      [story.storyId],
    );
    return rows[0]?.jobs;
  };
  expect(await renders()).toBe(0);
  await setHidden(site, owner, { takeId: story.seed, hidden: true });
  // The seed is the first of them, and is younger.
  expect(await renders()).toBe(MOST_RENDERED - 1);
});

const publishedAgo = (count: number, ago: string) =>
  fresh.pool.query(
    `insert into takes (id, story_id, parent_id, author_id, kind, start_samples,
       duration_samples, status, created_at)
     select gen_random_uuid(), $1, $2, $3, 'text', 0, 1, 'ready', now() - $4::interval
     from generate_series(1, $5)`,
    [story.storyId, story.seed, jo.id, ago, count],
  );

describe('takes of one person within an hour', () => {
  test('are bounded, and few that are left are told', async () => {
    await publishedAgo(200, '61 minutes');
    await publishedAgo(TAKES_PER_HOUR - WARN_BELOW - 1, '59 minutes');
    expect(await branchBy(jo)).not.toHaveProperty('takesLeft');
    const answers = await Promise.all(Array.from({ length: WARN_BELOW }, () => branchBy(jo)));
    expect(new Set(answers.map(({ takesLeft }) => takesLeft))).toEqual(new Set([0, 1, 2, 3, 4, 5]));
    expect(await refusal(branchBy(jo))).toMatchObject({ code: 'too_many_requests', status: 429 });
    await branchBy(owner);
  });

  test('are bounded when they come all at once', async () => {
    await publishedAgo(TAKES_PER_HOUR - 2, '1 minute');
    const outcomes = await Promise.allSettled(Array.from({ length: 6 }, () => branchBy(jo)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
  });

  test('do not count a command that is sent again', async () => {
    await publishedAgo(TAKES_PER_HOUR - 1, '1 minute');
    const command = {
      takeId: newTakeId(),
      parentId: story.seed,
      body: { kind: 'text', words: 'Again and again.' },
    };
    const first = await branchStory(site, jo, story.storyId, command);
    expect(await branchStory(site, jo, story.storyId, command)).toMatchObject({
      takeId: first.takeId,
    });
  });
});
