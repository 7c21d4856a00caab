import { randomUUID } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Person } from '#domain/access/policy.ts';
import type { StoryId, TakeId } from '#domain/story/ids.ts';
import { RENDER_VERSION } from '#domain/timeline/mix-key.ts';
import { mixes, stems, takes } from '#drizzle/schema.ts';
import { freshDatabase, type FreshDatabase } from '../../tests/harness/database.ts';
import { branchStory } from './branch.ts';
import { listStories } from './list.ts';
import { plantStory } from './plant.ts';
import { readOriginal, readPath, readTake } from './read-take.ts';
import { readStory } from './read.ts';
import { newTakeId, openPublishing, type Publishing } from './testing/publishing.ts';

let fresh: FreshDatabase;
let site: Publishing;
let mira: Person;
let jo: Person;
let ana: Person;

beforeAll(async () => {
  fresh = await freshDatabase();
  site = await openPublishing(fresh);
  [mira, jo, ana] = (await Promise.all(['Mira', 'Jo', 'Ana'].map((name) => site.person(name)))) as [
    Person,
    Person,
    Person,
  ];
});

afterAll(async () => {
  await site.close();
  await fresh.close();
});

async function write(by: Person, words: string, under?: { story: StoryId; parent: TakeId }) {
  const body = { kind: 'text', words };
  const id = newTakeId();
  if (under === undefined) return plantStory(site, by, { takeId: id, title: words, body });
  return branchStory(site, by, under.story, { takeId: id, parentId: under.parent, body });
}

async function speak(by: Person, story: StoryId, parent: TakeId) {
  const uploadId = await site.recording(by, 900_000);
  const body = { kind: 'voice', uploadId };
  return branchStory(site, by, story, { takeId: newTakeId(), parentId: parent, body });
}

const plan = {
  renderVersion: RENDER_VERSION,
  planSha256: 'x',
  firstSegment: 0,
  sounds: [],
  packs: {} as (typeof mixes.$inferInsert)['packs'],
};

describe('a story read whole', () => {
  test('of days of voice brings the waveforms of its oldest takes', async () => {
    const [seed, miller] = [await write(mira, 'The long mill'), await site.person('Miller')];
    await fresh.pool.query(
      `with more as (
         insert into takes (id, story_id, parent_id, author_id, kind, start_samples,
           duration_samples, status, created_at)
         select gen_random_uuid(), $1, $2, $3, 'text', 0, 9, 'ready', now() + n * interval '1 microsecond'
         from generate_series(1, 2000) n returning id)
       insert into stems (take_id, object_key, sha256, bytes, duration_samples, gain_db, silences,
         peaks, peaks10, peaks1)
       select id, 'k', 'x', 1, 1, 0, '[]', decode(repeat('80', 20000), 'hex'), '', '' from more`,
      [seed.storyId, seed.takeId, miller.id],
    );
    const story = await readStory(fresh.db, seed.slug, null);
    const drawn = story?.takes.filter(({ id }) => story.waveforms.has(id)) ?? [];
    expect(story?.takes).toHaveLength(2_001);
    expect(drawn).toHaveLength(Math.floor((8 * 1024 * 1024) / 20_000));
    expect(drawn.at(-1)?.id).toBe(story?.takes[drawn.length]?.id);
  });

  test('has its takes with their states, words, waveforms and voices', async () => {
    const seed = await write(mira, 'The mill');
    const voice = await speak(jo, seed.storyId, seed.takeId);
    await site.ingest(voice.takeId);
    const peaks = new Uint8Array([0x80, 0x7f]);
    const silences = [{ startSamples: 5, durationSamples: 7 }];
    await fresh.db.insert(stems).values({
      takeId: voice.takeId,
      objectKey: 'stems/x',
      sha256: 'x',
      bytes: 1,
      // Long enough that ten a second draw it as well as a hundred.
      durationSamples: 10 * 48_000,
      gainDb: 0,
      silences,
      peaks: new Uint8Array([0x80, 0x7f, 0, 255]),
      peaks10: peaks,
      peaks1: new Uint8Array(),
    });
    await fresh.db.insert(mixes).values([
      { takeId: seed.takeId, ...plan },
      { takeId: seed.takeId, ...plan, planSha256: 'y', supersededAt: new Date() },
    ]);
    const story = await readStory(fresh.db, seed.slug, null);
    expect(story).toMatchObject({
      id: seed.storyId,
      ownerId: mira.id,
      meta: { title: 'The mill', slug: 'the-mill', revision: 2 },
    });
    expect(story?.takes.map((take) => [take.id, take.parentId, take.state])).toEqual([
      [seed.takeId, null, { status: 'ready', mixed: true }],
      [voice.takeId, seed.takeId, { status: 'ready', mixed: false }],
    ]);
    expect(story?.words).toEqual(new Map([[seed.takeId, 'The mill']]));
    expect([...(story?.voices.values() ?? [])].map((one) => one.name).toSorted()).toEqual([
      'Jo',
      'Mira',
    ]);
    const waveform = story?.waveforms.get(voice.takeId);
    expect(waveform?.silences).toEqual(silences);
    expect(new Uint8Array(waveform?.peaks ?? [])).toEqual(peaks);
    expect(story?.waveforms.size).toBe(1);
    expect(await readPath(fresh.db, voice.takeId)).toEqual(story?.takes);
  });

  test('shows a failed take to its author, and to nobody else', async () => {
    const seed = await write(mira, 'The quarry');
    const voice = await speak(jo, seed.storyId, seed.takeId);
    await site.ingest(voice.takeId, { failure: 'truncated' });
    const seenBy = async (viewer: Person | null) =>
      (await readStory(fresh.db, seed.slug, viewer))?.takes.map((take) => take.id);
    expect(await seenBy(jo)).toEqual([seed.takeId, voice.takeId]);
    expect(await seenBy(mira)).toEqual([seed.takeId]);
    expect(await seenBy(null)).toEqual([seed.takeId]);
    const own = await readTake(fresh.db, voice.takeId, jo);
    expect(own?.take.state).toEqual({ status: 'failed', reason: 'truncated' });
    expect(own?.story).toEqual({ id: seed.storyId, slug: seed.slug, title: 'The quarry' });
    expect(await readTake(fresh.db, voice.takeId, mira)).toBeNull();
    expect(await readTake(fresh.db, newTakeId(), mira)).toBeNull();
  });

  test('known failure 23: takes three queries, for three takes as for thirty', async () => {
    const seed = await write(mira, 'The ferry');
    const query = vi.spyOn(fresh.pool, 'query');
    const queries = async () => {
      query.mockClear();
      await readStory(fresh.db, seed.slug, null);
      return query.mock.calls.length;
    };
    const few = await queries();
    for (let n = 0; n < 30; n += 1) {
      await write(n % 2 === 0 ? jo : ana, 'and then', { story: seed.storyId, parent: seed.takeId });
    }
    expect(await queries()).toBe(few);
    expect(few).toBe(3);
    query.mockRestore();
  });

  test('is null where no story is', async () => {
    expect(await readStory(fresh.db, `none-${randomUUID()}`, null)).toBeNull();
  });
});

test('a path is read from its seed to the take, and no further', async () => {
  const seed = await write(mira, 'The stairs');
  let parent = seed.takeId;
  const path = [parent];
  for (let n = 0; n < 12; n += 1) {
    await write(ana, 'aside', { story: seed.storyId, parent });
    parent = (await write(jo, `step ${n}`, { story: seed.storyId, parent })).takeId;
    path.push(parent);
  }
  const middle = path[6] ?? parent;
  expect((await readPath(fresh.db, parent)).map((take) => take.id)).toEqual(path);
  expect((await readPath(fresh.db, middle)).map((take) => take.id)).toEqual(path.slice(0, 7));
  expect(await readPath(fresh.db, newTakeId())).toEqual([]);
});

test('the original of a take is for its author, failed or not', async () => {
  const seed = await write(mira, 'The vault');
  const voice = await speak(jo, seed.storyId, seed.takeId);
  await site.ingest(voice.takeId, { failure: 'not_audio' });
  const original = await readOriginal(fresh.db, voice.takeId, jo);
  expect(await site.objects.head(original.objectKey)).toMatchObject({ bytes: original.bytes });
  await expect(readOriginal(fresh.db, voice.takeId, mira)).rejects.toMatchObject({
    code: 'forbidden',
  });
  await expect(readOriginal(fresh.db, voice.takeId, null)).rejects.toMatchObject({
    code: 'forbidden',
  });
  await expect(readOriginal(fresh.db, seed.takeId, mira)).rejects.toMatchObject({
    code: 'not_found',
  });
});

describe('the list of stories', () => {
  test('has what grew last first, with its counts and first voices', async () => {
    const old = await write(mira, 'Old');
    const later = await write(jo, 'Later');
    const first = await write(ana, 'again', { story: old.storyId, parent: old.takeId });
    await write(jo, 'and again', { story: old.storyId, parent: first.takeId });
    await write(jo, 'and again', { story: old.storyId, parent: old.takeId });
    const { stories } = await listStories(fresh.db, { limit: 2 });
    expect(stories.map((story) => story.id)).toEqual([old.storyId, later.storyId]);
    const [card] = stories;
    expect(card).toMatchObject({
      slug: 'old',
      title: 'Old',
      seedId: old.takeId,
      takeCount: 4,
      newTakeCount: 4,
      voiceCount: 3,
      // three takes after one another, two seconds each: too few words to take longer
      lengthSamples: 3 * 2 * 48_000,
    });
    expect(card?.voices.map((voice) => voice.name)).toEqual(['Mira', 'Ana', 'Jo']);
    expect(Math.abs(Date.now() - (card?.grownAtMs ?? 0))).toBeLessThan(60_000);
  });

  test('goes through all pages without losing or repeating one', async () => {
    for (let n = 0; n < 7; n += 1) await write(mira, `Page ${n}`);
    const whole = await listStories(fresh.db, { limit: 100 });
    expect(whole.next).toBeNull();
    const seen: StoryId[] = [];
    for (let after: string | null | undefined; after !== null;) {
      const page = await listStories(fresh.db, { limit: 3, after });
      expect(page.stories.length).toBeLessThanOrEqual(3);
      seen.push(...page.stories.map((story) => story.id));
      after = page.next;
    }
    expect(seen).toEqual(whole.stories.map((story) => story.id));
  });

  test('known failure 23: takes as many queries for a page as for one story', async () => {
    const query = vi.spyOn(fresh.pool, 'query');
    const queries = async (limit: number) => {
      query.mockClear();
      const { stories } = await listStories(fresh.db, { limit });
      return [stories.length, query.mock.calls.length];
    };
    expect([await queries(1), await queries(12)]).toEqual([
      [1, 2],
      [12, 2],
    ]);
    query.mockRestore();
  });

  test('leaves out a story whose seed failed, and takes that failed', async () => {
    const lost = await write(mira, 'Lost');
    const kept = await write(mira, 'Kept');
    const voice = await speak(jo, kept.storyId, kept.takeId);
    await fresh.db
      .update(takes)
      .set({ status: 'failed', failure: 'internal' })
      .where(eq(takes.id, lost.takeId));
    await site.ingest(voice.takeId, { failure: 'not_audio' });
    const { stories } = await listStories(fresh.db, { limit: 100 });
    expect(stories.map((story) => story.slug)).not.toContain('lost');
    expect(stories.find((story) => story.slug === 'kept')).toMatchObject({
      takeCount: 1,
      voiceCount: 1,
    });
  });

  test.each([
    "'; drop table takes",
    '1_2',
    '',
    '99999999999999999999_x',
    `1_${'-'.repeat(36)}`,
    `1_${'z'.repeat(36)}`,
  ])('begins anew for the cursor %j', async (after) => {
    const { stories } = await listStories(fresh.db, { after });
    expect(stories.length).toBeGreaterThan(0);
  });
});
