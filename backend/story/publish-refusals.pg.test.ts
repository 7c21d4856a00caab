// What planting and branching refuse, and what that leaves as it was.
import { randomUUID } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { describe, expect, test } from 'vitest';
import type { Problem } from '#domain/protocol/problem.ts';
import { storyId, uploadId, userId } from '#domain/story/ids.ts';
import { stories } from '#drizzle/schema.ts';
import { openDatabase } from '#backend/postgres/database.ts';
import { freshDatabase } from '../../tests/harness/database.ts';
import { branchStory } from './branch.ts';
import { plantStory } from './plant.ts';
import { newTakeId } from './testing/publishing.ts';
import { refusal, seconds, useSite } from './testing/publishing-site.ts';

const site = useSite(freshDatabase);

describe('what is refused', () => {
  test('is anybody without a session, whatever they send', async () => {
    const body = { kind: 'text', words: 'hello' };
    const work = plantStory(site, null, { takeId: newTakeId(), title: 'No', body });
    expect(await refusal(work)).toMatchObject({ code: 'unauthenticated', status: 401 });
  });

  test('is a page that takes its session for somebody else’s, and nobody is renamed', async () => {
    const [ana, ben] = [await site.person('Ana'), await site.person('Ben')];
    const seed = await plantStory(site, site.mira, {
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
    const { rows } = await site.fresh.pool.query('select name from users where id = $1', [ben.id]);
    expect(rows).toEqual([{ name: 'Ben' }]);
    expect(await branchStory(site, ana, seed.storyId, command)).toMatchObject({
      takeId: command.takeId,
    });
  });

  test('is a parent of another story, and a story or parent that is not there', async () => {
    const { storyId: story, seed } = await site.planted(site.mira, seconds(1));
    const other = await site.planted(site.mira, seconds(1));
    const strays = [
      site.branched(site.jo, story, other.seed, seconds(2)),
      site.branched(site.jo, story, newTakeId(), seconds(2)),
      site.branched(site.jo, storyId(randomUUID()), seed, seconds(2)),
    ];
    for (const problem of await Promise.all(strays.map(refusal))) {
      expect(problem).toMatchObject({ code: 'not_found', status: 404 });
    }
  });

  test('is a take that answers itself', async () => {
    const { storyId: story } = await site.planted(site.mira, seconds(1));
    const id = newTakeId();
    const command = { takeId: id, parentId: id, body: { kind: 'text', words: 'Round and round.' } };
    const work = branchStory(site, site.jo, story, command);
    expect(await refusal(work)).toMatchObject({ code: 'not_found' });
    await expect(site.row(id)).rejects.toThrow('there is no take');
  });

  test('known failure 24: is a recording of somebody else, one that is not whole, and one used before', async () => {
    const { storyId: story, seed } = await site.planted(site.mira, seconds(1));
    const using = (id: string) =>
      branchStory(site, site.jo, story, {
        takeId: newTakeId(),
        parentId: seed,
        body: { kind: 'voice', uploadId: id },
      });
    const theirs = await site.recording(site.mira, seconds(2));
    expect(await refusal(using(theirs))).toMatchObject({ code: 'upload_unknown' });
    expect(await refusal(using(uploadId(randomUUID())))).toMatchObject({ code: 'upload_unknown' });
    const open = await site.recording(site.jo, seconds(2), 'open');
    expect(await refusal(using(open))).toMatchObject({ code: 'upload_incomplete' });
    const mine = await site.recording(site.jo, seconds(2));
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => using(mine)));
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
    const refusals = results.filter((result) => result.status === 'rejected');
    expect(refusals.map(({ reason }) => (reason as Problem).code)).toEqual(
      Array.from({ length: 7 }, () => 'conflict'),
    );
  });

  test('known failures 24 and 48: is a recording whose object has vanished from the store', async () => {
    const uploaded = await site.recording(site.mira, seconds(1));
    await site.objects.delete(`uploads/${uploaded}`);
    const command = {
      takeId: newTakeId(),
      title: 'Gone',
      body: { kind: 'voice', uploadId: uploaded },
    };
    expect(await refusal(plantStory(site, site.mira, command))).toMatchObject({
      code: 'upload_incomplete',
    });
  });

  test('is a recording of more than ten minutes', async () => {
    const uploaded = await site.recording(site.mira, seconds(600) + 1);
    const command = {
      takeId: newTakeId(),
      title: 'Long',
      body: { kind: 'voice', uploadId: uploaded },
    };
    expect(await refusal(plantStory(site, site.mira, command))).toMatchObject({
      code: 'too_large',
    });
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
    const problem = await refusal(plantStory(site, site.mira, command));
    expect(problem).toMatchObject({ code: 'bad_request', status: 400 });
    expect(problem.message).toContain(field);
  });

  test('known failure 24: is a start, a length or an author that the command claims', async () => {
    const id = newTakeId();
    const body = { kind: 'voice', uploadId: await site.recording(site.mira, seconds(1)) };
    const command = { takeId: id, title: 'Forged', body };
    const forged = { startSamples: 99, durationSamples: 5, authorId: randomUUID() };
    for (const [name, value] of Object.entries(forged)) {
      const claims = plantStory(site, site.mira, { ...command, [name]: value });
      expect(await refusal(claims)).toMatchObject({ code: 'bad_request' });
    }
    await expect(site.row(id)).rejects.toThrow('there is no take');
  });

  test('is a person whose account has gone in the meantime', async () => {
    const ghost = { id: userId(randomUUID()) };
    const body = { kind: 'text', words: 'boo' };
    const work = plantStory(site, ghost, { takeId: newTakeId(), title: 'Boo', body });
    expect(await refusal(work)).toMatchObject({ code: 'unauthenticated' });
    const [left] = await site.db.select().from(stories).where(eq(stories.title, 'Boo'));
    expect(left).toBeUndefined();
  });

  test('is nothing at all while the database is away: that is said instead', async () => {
    const away = openDatabase('postgres://nobody:x@127.0.0.1:59999/none', { log: site.fresh.log });
    const body = { kind: 'text', words: 'hello' };
    const command = { takeId: newTakeId(), title: 'Away', body };
    const { objects, queue } = site;
    const work = plantStory({ objects, queue, db: away.db }, site.mira, command);
    expect(await refusal(work)).toMatchObject({ code: 'unavailable', status: 503 });
    await away.close();
  });
});
