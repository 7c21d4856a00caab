import { randomUUID } from 'node:crypto';
import { asc, eq } from 'drizzle-orm';
import { array, assert, asyncProperty, constantFrom, integer, record } from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import type { Person } from '#domain/access/policy.ts';
import { roomName } from '#domain/protocol/room.ts';
import { wordsOf } from '#domain/story/document.ts';
import { storyId, uploadId, userId, type StoryId, type TakeId } from '#domain/story/ids.ts';
import type { Problem } from '#domain/protocol/problem.ts';
import { endOf, readingTime, startFor, type Span } from '#domain/timeline/duet.ts';
import { MAX_PATH_SAMPLES, SAMPLE_RATE } from '#domain/timeline/samples.ts';
import { follows, stories, storyEvents, takes, users } from '#drizzle/schema.ts';
import { openDatabase } from '#backend/postgres/database.ts';
import { mirrorWords, publishUpdates } from '#backend/postgres/documents.ts';
import { freshDatabase, type FreshDatabase } from '../../tests/harness/database.ts';
import { branchStory } from './branch.ts';
import { changesSince } from './changes.ts';
import { checkStory } from './check-story.ts';
import { plantStory } from './plant.ts';
import { countRows, newTakeId, openPublishing, type Publishing } from './testing/publishing.ts';

let fresh: FreshDatabase;
let site: Publishing;
let mira: Person;
let jo: Person;

beforeAll(async () => {
  fresh = await freshDatabase();
  site = await openPublishing(fresh);
});

beforeEach(async () => {
  [mira, jo] = await Promise.all([site.person('Mira'), site.person('Jo')]);
});

afterAll(async () => {
  await site.close();
  await fresh.close();
});

const seconds = (n: number) => Math.round(n * SAMPLE_RATE);

async function planted(
  by: Person,
  samples: number | null,
  title = 'The lighthouse',
): Promise<{ storyId: StoryId; seed: TakeId; slug: string }> {
  const uploaded = await site.recording(by, samples);
  const body = { kind: 'voice', uploadId: uploaded };
  const answer = await plantStory(site, by, { takeId: newTakeId(), title, body });
  await site.ingest(answer.takeId);
  return { storyId: answer.storyId, seed: answer.takeId, slug: answer.slug };
}

async function branched(by: Person, story: StoryId, parentId: TakeId, samples: number | null) {
  const body = { kind: 'voice', uploadId: await site.recording(by, samples) };
  return branchStory(site, by, story, { takeId: newTakeId(), parentId, body });
}

/** Writes other words into a take, as somebody at the room does. */
async function rewrite(id: TakeId, before: string, after: string): Promise<void> {
  const document = roomName({ kind: 'words', takeId: id });
  const doc = new Y.Doc();
  wordsOf(doc).insert(0, before);
  const seed = Y.encodeStateAsUpdate(doc);
  const seeded = Y.encodeStateVector(doc);
  doc.transact(() => {
    wordsOf(doc).delete(0, before.length);
    wordsOf(doc).insert(0, after);
  });
  const edit = Y.encodeStateAsUpdate(doc, seeded);
  const updates = [
    { document, update: seed },
    { document, update: edit, userId: mira.id },
  ];
  await publishUpdates(fresh.db, updates, randomUUID());
  await fresh.db.transaction((tx) => mirrorWords(tx, id));
}

async function row(id: TakeId) {
  const [take] = await fresh.db.select().from(takes).where(eq(takes.id, id));
  if (take === undefined) throw new Error(`there is no take ${id}`);
  return take;
}

async function jobsOf(id: TakeId): Promise<string[]> {
  const { rows } = await fresh.pool.query<{ name: string }>(
    `select name from pgboss.job where data->>'takeId' = $1`,
    [id],
  );
  return rows.map((job) => job.name);
}

const refusal = (work: Promise<unknown>): Promise<Problem> =>
  work.then(
    () => expect.unreachable('it should have been refused'),
    (error: Problem) => error,
  );

describe('planting', () => {
  test('makes a story, its seed, an event, a job and a follower at once', async () => {
    const uploaded = await site.recording(mira, seconds(4));
    const id = newTakeId();
    const answer = await plantStory(site, mira, {
      takeId: id,
      title: '  Straße am Meer ',
      body: { kind: 'voice', uploadId: uploaded, words: 'Once' },
    });
    expect(answer).toMatchObject({ takeId: id, slug: 'strasse-am-meer' });
    expect(await row(id)).toMatchObject({
      storyId: answer.storyId,
      parentId: null,
      authorId: mira.id,
      startSamples: 0,
      durationSamples: seconds(4),
      status: 'processing',
      words: 'Once',
    });
    expect(await jobsOf(id)).toEqual(['take.ingest']);
    const events = await fresh.db
      .select()
      .from(storyEvents)
      .where(eq(storyEvents.storyId, answer.storyId));
    expect(events).toMatchObject([{ revision: 1, takeId: id, kind: 'published' }]);
    const followers = await fresh.db
      .select()
      .from(follows)
      .where(eq(follows.storyId, answer.storyId));
    expect(followers).toMatchObject([{ userId: mira.id }]);
  });

  test('in words is ready at once, stands for its reading time, and is rendered', async () => {
    const words = 'There was a lighthouse that nobody kept.';
    const id = newTakeId();
    const command = { takeId: id, title: 'Words', body: { kind: 'text', words } };
    await plantStory(site, mira, command);
    expect(await row(id)).toMatchObject({
      kind: 'text',
      status: 'ready',
      words,
      durationSamples: readingTime(words),
    });
    expect(await jobsOf(id)).toEqual(['take.render']);
  });

  test('keeps what the recorder knows against the take’s timing, and says it in the tree', async () => {
    const uploaded = [
      await site.recording(mira, seconds(4)),
      await site.recording(mira, seconds(4)),
    ];
    const [loose, clean] = [newTakeId(), newTakeId()];
    const timing = { loose: true, skippedMs: 12, driftMs: -80 };
    const planted = await plantStory(site, mira, {
      takeId: loose,
      title: 'Loose',
      body: { kind: 'voice', uploadId: uploaded[0], timing },
    });
    await plantStory(site, mira, {
      takeId: clean,
      title: 'Clean',
      body: { kind: 'voice', uploadId: uploaded[1], timing: {} },
    });
    expect((await row(loose)).timing).toEqual(timing);
    expect((await row(clean)).timing).toBe(null);
    const change = await changesSince(fresh.db, planted.storyId, 0);
    expect(change?.takes.map(({ facts }) => facts.timing)).toEqual([timing]);
    expect(await checkStory(fresh.db, planted.storyId)).toEqual([]);
  });

  test('refuses timing that nobody can have measured', async () => {
    const uploaded = await site.recording(mira, seconds(4));
    for (const timing of [{ loose: false }, { skippedMs: 0.5 }, { skippedMs: -1 }, { late: 3 }]) {
      const body = { kind: 'voice', uploadId: uploaded, timing };
      const command = { takeId: newTakeId(), title: 'No', body };
      expect(await refusal(plantStory(site, mira, command))).toMatchObject({ code: 'bad_request' });
    }
  });

  test('renames the guest who gives a name', async () => {
    const uploaded = await site.recording(jo, seconds(1));
    await plantStory(site, jo, {
      takeId: newTakeId(),
      title: 'Named',
      name: 'Joanna',
      body: { kind: 'voice', uploadId: uploaded },
    });
    const [user] = await fresh.db.select().from(users).where(eq(users.id, jo.id));
    expect(user?.name).toBe('Joanna');
  });

  test('under new names, each in the other’s story, never waits forever', async () => {
    for (let round = 0; round < 8; round += 1) {
      const [a, b] = await Promise.all([site.person('Ada'), site.person('Ben')]);
      const [hers, his] = [await planted(a, seconds(1)), await planted(b, seconds(1))];
      const answer = (by: Person, { storyId: story, seed }: typeof hers) =>
        branchStory(site, by, story, {
          takeId: newTakeId(),
          parentId: seed,
          name: 'Somebody else',
          body: { kind: 'text', words: 'Long enough to outlast a second of speech.' },
        });
      const answers = await Promise.allSettled([answer(a, his), answer(b, hers)]);
      expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
      const events = await fresh.db
        .select({ kind: storyEvents.kind })
        .from(storyEvents)
        .where(eq(storyEvents.storyId, hers.storyId));
      expect(events.map(({ kind }) => kind)).toContain('voice');
    }
  });

  test('of twenty stories with one title at one moment gives twenty addresses', async () => {
    const title = `Same ${randomUUID().slice(0, 8)}`;
    const all = await Promise.all(
      Array.from({ length: 20 }, () =>
        plantStory(site, mira, {
          takeId: newTakeId(),
          title,
          body: { kind: 'text', words: 'again' },
        }),
      ),
    );
    const plain = title.toLowerCase().replace(' ', '-');
    expect(new Set(all.map((one) => one.slug)).size).toBe(20);
    expect(all.filter((one) => one.slug === plain)).toHaveLength(1);
    for (const { slug } of all) expect(slug).toMatch(new RegExp(`^${plain}(-[a-z0-9]{4})?$`, 'u'));
  });
});

describe('branching', () => {
  test('starts the first two takes at 0, then each where its grandparent ends', async () => {
    const { storyId: story, seed } = await planted(mira, seconds(4));
    const second = await branched(jo, story, seed, seconds(7));
    await site.ingest(second.takeId);
    const third = await branched(mira, story, second.takeId, seconds(5));
    expect((await row(second.takeId)).startSamples).toBe(0);
    expect((await row(third.takeId)).startSamples).toBe(seconds(4));
    const written = await branchStory(site, jo, story, {
      takeId: newTakeId(),
      parentId: second.takeId,
      body: { kind: 'text', words: 'read after it' },
    });
    expect((await row(written.takeId)).startSamples).toBe(seconds(7));
  });

  test('refuses a take that ends with its parent, and says by how much', async () => {
    const { storyId: story, seed } = await planted(mira, seconds(4));
    const before = await countRows(fresh.db);
    const short = await refusal(branched(jo, story, seed, seconds(1.6)));
    expect(short).toMatchObject({ code: 'does_not_outlast_parent', status: 422 });
    expect(short.missingSeconds).toBeCloseTo(2.41, 5);
    expect(short.message).toContain('2.4 s longer');
    const equal = await refusal(branched(jo, story, seed, seconds(4)));
    expect(equal).toMatchObject({ code: 'does_not_outlast_parent', missingSeconds: 0.01 });
    expect(await countRows(fresh.db)).toEqual(before);
    await branched(jo, story, seed, seconds(4) + 1);
  });

  test('leaves the judgement to the worker where a header gives no length', async () => {
    const { storyId: story, seed } = await planted(mira, seconds(4));
    const answer = await branched(jo, story, seed, null);
    expect(await row(answer.takeId)).toMatchObject({ durationSamples: null, status: 'processing' });
  });

  test('waits for the parent to be ready', async () => {
    const { storyId: story, seed } = await planted(mira, seconds(1));
    const child = await branched(jo, story, seed, seconds(2));
    const early = await refusal(branched(mira, story, child.takeId, seconds(3)));
    expect(early).toMatchObject({ code: 'parent_not_ready', status: 409 });
    await site.ingest(child.takeId, { failure: 'not_audio' });
    const failed = await refusal(branched(mira, story, child.takeId, seconds(3)));
    expect(failed).toMatchObject({ code: 'parent_unusable', status: 409 });
  });

  test('keeps both of two answers to one tail given at the same moment', async () => {
    const { storyId: story, seed } = await planted(mira, seconds(1));
    const answers = await Promise.all([
      branched(jo, story, seed, seconds(2)),
      branched(mira, story, seed, seconds(3)),
    ]);
    const children = await fresh.db.select().from(takes).where(eq(takes.parentId, seed));
    expect(new Set(children.map((child) => child.id))).toEqual(
      new Set(answers.map((answer) => answer.takeId)),
    );
    expect(children.map((child) => child.startSamples)).toEqual([0, 0]);
  });

  test('counts the events of a story without gaps, whoever else is publishing', async () => {
    const { storyId: story, seed } = await planted(mira, seconds(1));
    await Promise.all(Array.from({ length: 12 }, () => branched(jo, story, seed, seconds(2))));
    const events = await fresh.db
      .select({ revision: storyEvents.revision })
      .from(storyEvents)
      .where(eq(storyEvents.storyId, story))
      .orderBy(asc(storyEvents.revision));
    expect(events.map((event) => event.revision)).toEqual(
      Array.from({ length: 13 }, (_, index) => index + 1),
    );
  });

  test('known failure 45: does not lengthen a path past what its clock can count', async () => {
    const { storyId: story, seed } = await planted(mira, seconds(1));
    const child = await branched(jo, story, seed, seconds(2));
    await fresh.db
      .update(takes)
      .set({ status: 'ready', durationSamples: MAX_PATH_SAMPLES - seconds(1) })
      .where(eq(takes.id, child.takeId));
    const long = await refusal(
      branchStory(site, mira, story, {
        takeId: newTakeId(),
        parentId: child.takeId,
        body: { kind: 'text', words: 'one too many' },
      }),
    );
    expect(long).toMatchObject({ code: 'path_too_long', status: 422 });
  });

  test('known failure 38: places every take of a random story as the one timeline rule has it', async () => {
    const step = record({
      kind: constantFrom('voice' as const, 'text' as const),
      parent: integer({ min: 0, max: 100 }),
      samples: integer({ min: 1, max: 3_000 }),
    });
    await assert(
      asyncProperty(array(step, { minLength: 1, maxLength: 10 }), async (steps) => {
        const { storyId: story, seed } = await planted(mira, 1_000);
        type Known = Span & { id: TakeId; parent: Known | null };
        const root: Known = { id: seed, parent: null, startSamples: 0, durationSamples: 1_000 };
        const known: Known[] = [root];
        for (const { kind, parent: pick, samples } of steps) {
          const parent = known[pick % known.length] ?? root;
          const startSamples = startFor(kind, { parent, grandparent: parent.parent });
          const words = 'word '.repeat((samples % 9) + 1);
          const durationSamples = kind === 'text' ? readingTime(words) : samples;
          const fits = startSamples + durationSamples > endOf(parent);
          const takeId = newTakeId();
          const body =
            kind === 'text'
              ? { kind, words }
              : { kind, uploadId: await site.recording(jo, samples) };
          const command = { takeId, parentId: parent.id, body };
          const work = branchStory(site, jo, story, command);
          const outcome = await work.then(
            () => 'published',
            (problem: Problem) => problem.code,
          );
          expect(outcome).toBe(fits ? 'published' : 'does_not_outlast_parent');
          if (!fits) continue;
          expect(await row(takeId)).toMatchObject({ startSamples, durationSamples });
          await site.ingest(takeId);
          known.push({ id: takeId, parent, startSamples, durationSamples });
        }
      }),
      { numRuns: 12 },
    );
  });
});

describe('the same command', () => {
  test('sent twenty times at once plants one story and answers twenty times alike', async () => {
    const uploaded = await site.recording(mira, seconds(1));
    const command = {
      takeId: newTakeId(),
      title: 'Once only',
      body: { kind: 'voice', uploadId: uploaded },
    };
    const before = await countRows(fresh.db);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => plantStory(site, mira, command)),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    const after = await countRows(fresh.db);
    expect(after['stories']).toBe((before['stories'] ?? 0) + 1);
    expect(after['takes']).toBe((before['takes'] ?? 0) + 1);
    expect(await jobsOf(command.takeId)).toEqual(['take.ingest']);
  });

  test('known failure 41: sent twenty times at once branches once, even after the parent is gone bad', async () => {
    const { storyId: story, seed } = await planted(mira, seconds(1));
    const uploaded = await site.recording(jo, seconds(2));
    const command = {
      takeId: newTakeId(),
      parentId: seed,
      body: { kind: 'voice', uploadId: uploaded },
    };
    const send = () => branchStory(site, jo, story, command);
    const answers = await Promise.all(Array.from({ length: 20 }, send));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(await jobsOf(command.takeId)).toEqual(['take.ingest']);
    const children = await fresh.db.select().from(takes).where(eq(takes.parentId, seed));
    expect(children).toHaveLength(1);
    await site.ingest(seed, { failure: 'internal' });
    expect(await send()).toEqual(answers[0]);
  });

  test('is a conflict from somebody else, for another story, parent or recording', async () => {
    const { storyId: story, seed } = await planted(mira, seconds(1));
    const other = await planted(mira, seconds(1));
    const answer = await branched(jo, story, seed, seconds(2));
    await site.ingest(answer.takeId);
    const { uploadId: uploaded } = await row(answer.takeId);
    const body = { kind: 'voice', uploadId: uploaded };
    const command = { takeId: answer.takeId, parentId: seed, body };
    const another = { kind: 'voice', uploadId: await site.recording(jo, seconds(2)) };
    const conflicts = [
      branchStory(site, mira, story, command),
      branchStory(site, jo, other.storyId, command),
      branchStory(site, jo, story, { ...command, parentId: answer.takeId }),
      branchStory(site, jo, story, { ...command, body: { kind: 'text', words: 'other' } }),
      branchStory(site, jo, story, { ...command, body: another }),
      plantStory(site, jo, { takeId: answer.takeId, title: 'Mine', body }),
    ];
    for (const problem of await Promise.all(conflicts.map(refusal))) {
      expect(problem).toMatchObject({ code: 'conflict', status: 409 });
    }
  });
});

const text = (words: string) => ({ kind: 'text', words });

describe('the same command with other words', () => {
  test('is refused, of a written take and of a voice', async () => {
    const { storyId: story, seed } = await planted(mira, seconds(1));
    const command = { takeId: newTakeId(), parentId: seed, body: text('Once.') };
    const answer = await branchStory(site, jo, story, command);
    expect(await branchStory(site, jo, story, command)).toEqual(answer);
    const other = branchStory(site, jo, story, { ...command, body: text('Once. Upon a time.') });
    expect(await refusal(other)).toMatchObject({ code: 'published_otherwise', status: 409 });
    expect((await row(command.takeId)).words).toBe('Once.');

    const uploaded = await site.recording(mira, seconds(1));
    const voice = (words: string) => ({ kind: 'voice', uploadId: uploaded, words });
    const plant = { takeId: newTakeId(), title: 'Spoken', body: voice('Hear.') };
    const planting = await plantStory(site, mira, plant);
    expect(await plantStory(site, mira, plant)).toEqual(planting);
    const said = plantStory(site, mira, { ...plant, body: voice('Listen.') });
    expect(await refusal(said)).toMatchObject({ code: 'published_otherwise' });
  });

  test('is measured by the words of then, not by those that people wrote since', async () => {
    const { storyId: story, seed } = await planted(mira, seconds(1));
    const command = { takeId: newTakeId(), parentId: seed, body: text('Once.') };
    const answer = await branchStory(site, jo, story, command);
    await rewrite(command.takeId, 'Once.', 'Twice.');
    expect((await row(command.takeId)).words).toBe('Twice.');
    expect(await branchStory(site, jo, story, command)).toEqual(answer);
    const other = branchStory(site, jo, story, { ...command, body: text('Thrice.') });
    expect(await refusal(other)).toMatchObject({ code: 'published_otherwise' });
  });
});

describe('what is refused', () => {
  test('is anybody without a session, whatever they send', async () => {
    const body = { kind: 'text', words: 'hello' };
    const work = plantStory(site, null, { takeId: newTakeId(), title: 'No', body });
    expect(await refusal(work)).toMatchObject({ code: 'unauthenticated', status: 401 });
  });

  test('is a page that takes its session for somebody else’s, and nobody is renamed', async () => {
    const [ana, ben] = [await site.person('Ana'), await site.person('Ben')];
    const seed = await plantStory(site, mira, {
      takeId: newTakeId(),
      title: 'Whose',
      body: { kind: 'text', words: 'Once.' },
    });
    const command = {
      takeId: newTakeId(),
      parentId: seed.takeId,
      as: ana.id,
      name: 'Ana',
      body: { kind: 'text', words: 'Mine.' },
    };
    const work = branchStory(site, ben, seed.storyId, command);
    expect(await refusal(work)).toMatchObject({ code: 'unauthenticated', status: 401 });
    const { rows } = await fresh.pool.query('select name from users where id = $1', [ben.id]);
    expect(rows).toEqual([{ name: 'Ben' }]);
    expect(await branchStory(site, ana, seed.storyId, command)).toMatchObject({
      takeId: command.takeId,
    });
  });

  test('is a parent of another story, and a story or parent that is not there', async () => {
    const { storyId: story, seed } = await planted(mira, seconds(1));
    const other = await planted(mira, seconds(1));
    const strays = [
      branched(jo, story, other.seed, seconds(2)),
      branched(jo, story, newTakeId(), seconds(2)),
      branched(jo, storyId(randomUUID()), seed, seconds(2)),
    ];
    for (const problem of await Promise.all(strays.map(refusal))) {
      expect(problem).toMatchObject({ code: 'not_found', status: 404 });
    }
  });

  test('known failure 24: is a recording of somebody else, one that is not whole, and one used before', async () => {
    const { storyId: story, seed } = await planted(mira, seconds(1));
    const using = (id: string) =>
      branchStory(site, jo, story, {
        takeId: newTakeId(),
        parentId: seed,
        body: { kind: 'voice', uploadId: id },
      });
    const theirs = await site.recording(mira, seconds(2));
    expect(await refusal(using(theirs))).toMatchObject({ code: 'upload_unknown' });
    expect(await refusal(using(uploadId(randomUUID())))).toMatchObject({ code: 'upload_unknown' });
    const open = await site.recording(jo, seconds(2), 'open');
    expect(await refusal(using(open))).toMatchObject({ code: 'upload_incomplete' });
    const mine = await site.recording(jo, seconds(2));
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => using(mine)));
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
    const refusals = results.filter((result) => result.status === 'rejected');
    expect(refusals.map(({ reason }) => (reason as Problem).code)).toEqual(
      Array.from({ length: 7 }, () => 'conflict'),
    );
  });

  test('known failures 24 and 48: is a recording whose object has vanished from the store', async () => {
    const uploaded = await site.recording(mira, seconds(1));
    await site.objects.delete(`uploads/${uploaded}`);
    const command = {
      takeId: newTakeId(),
      title: 'Gone',
      body: { kind: 'voice', uploadId: uploaded },
    };
    expect(await refusal(plantStory(site, mira, command))).toMatchObject({
      code: 'upload_incomplete',
    });
  });

  test('is a recording of more than ten minutes', async () => {
    const uploaded = await site.recording(mira, seconds(600) + 1);
    const command = {
      takeId: newTakeId(),
      title: 'Long',
      body: { kind: 'voice', uploadId: uploaded },
    };
    expect(await refusal(plantStory(site, mira, command))).toMatchObject({ code: 'too_large' });
  });

  test.each([
    ['no title', { title: '  ' }, 'title'],
    ['a take id that is none', { takeId: '1; drop table takes' }, 'takeId'],
    ['a kind that is none', { body: { kind: 'video' } }, 'body.kind'],
    ['no words', { body: { kind: 'text', words: ' ' } }, 'body.words'],
    ['a name that is too long', { name: 'x'.repeat(41) }, 'name'],
  ])('is %s, by name', async (_what, change, field) => {
    const body = { kind: 'text', words: 'Fine.' };
    const command = { takeId: newTakeId(), title: 'Fine', body, ...change };
    const problem = await refusal(plantStory(site, mira, command));
    expect(problem).toMatchObject({ code: 'bad_request', status: 400 });
    expect(problem.message).toContain(field);
  });

  test('known failure 24: is a start, a length or an author that the command claims', async () => {
    const id = newTakeId();
    const body = { kind: 'voice', uploadId: await site.recording(mira, seconds(1)) };
    const command = { takeId: id, title: 'Forged', body };
    const forged = { startSamples: 99, durationSamples: 5, authorId: randomUUID() };
    for (const [name, value] of Object.entries(forged)) {
      const claims = plantStory(site, mira, { ...command, [name]: value });
      expect(await refusal(claims)).toMatchObject({ code: 'bad_request' });
    }
    await expect(row(id)).rejects.toThrow('there is no take');
  });

  test('is a person whose account has gone in the meantime', async () => {
    const ghost = { id: userId(randomUUID()) };
    const body = { kind: 'text', words: 'boo' };
    const work = plantStory(site, ghost, { takeId: newTakeId(), title: 'Boo', body });
    expect(await refusal(work)).toMatchObject({ code: 'unauthenticated' });
    const [left] = await fresh.db.select().from(stories).where(eq(stories.title, 'Boo'));
    expect(left).toBeUndefined();
  });

  test('is nothing at all while the database is away: that is said instead', async () => {
    const away = openDatabase('postgres://nobody:x@127.0.0.1:59999/none', { log: fresh.log });
    const body = { kind: 'text', words: 'hello' };
    const command = { takeId: newTakeId(), title: 'Away', body };
    const work = plantStory({ ...site, db: away.db }, mira, command);
    expect(await refusal(work)).toMatchObject({ code: 'unavailable', status: 503 });
    await away.close();
  });
});
