// Planting a story: all that belongs to it is made at once.
import { randomUUID } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { describe, expect, test } from 'vitest';
import type { Person } from '#domain/access/policy.ts';
import { readingTime } from '#domain/timeline/duet.ts';
import { follows, storyEvents, users } from '#drizzle/schema.ts';
import { freshDatabase } from '../../tests/harness/database.ts';
import { branchStory } from './branch.ts';
import { changesSince } from './changes.ts';
import { checkStory } from './check-story.ts';
import { plantStory } from './plant.ts';
import { newTakeId } from './testing/publishing.ts';
import { refusal, seconds, useSite } from './testing/publishing-site.ts';

const site = useSite(freshDatabase);

describe('planting', () => {
  test('makes a story, its seed, an event, a job and a follower at once', async () => {
    const uploaded = await site.recording(site.mira, seconds(4));
    const id = newTakeId();
    const answer = await plantStory(site, site.mira, {
      takeId: id,
      title: '  Straße am Meer ',
      body: { kind: 'voice', uploadId: uploaded, words: 'Once' },
    });
    expect(answer).toMatchObject({ takeId: id, slug: 'strasse-am-meer' });
    expect(await site.row(id)).toMatchObject({
      storyId: answer.storyId,
      parentId: null,
      authorId: site.mira.id,
      startSamples: 0,
      durationSamples: seconds(4),
      status: 'processing',
      words: 'Once',
    });
    expect(await site.jobsOf(id)).toEqual(['take.ingest']);
    const events = await site.db
      .select()
      .from(storyEvents)
      .where(eq(storyEvents.storyId, answer.storyId));
    expect(events).toMatchObject([{ revision: 1, takeId: id, kind: 'published' }]);
    const followers = await site.db
      .select()
      .from(follows)
      .where(eq(follows.storyId, answer.storyId));
    expect(followers).toMatchObject([{ userId: site.mira.id }]);
  });

  test('in words is ready at once, stands for its reading time, and is rendered', async () => {
    const words = 'There was a lighthouse that nobody kept.';
    const id = newTakeId();
    const command = { takeId: id, title: 'Words', body: { kind: 'text', words } };
    await plantStory(site, site.mira, command);
    expect(await site.row(id)).toMatchObject({
      kind: 'text',
      status: 'ready',
      words,
      durationSamples: readingTime(words),
    });
    expect(await site.jobsOf(id)).toEqual(['take.render']);
  });

  test('keeps what the recorder knows against the take’s timing, and says it in the tree', async () => {
    const uploaded = [
      await site.recording(site.mira, seconds(4)),
      await site.recording(site.mira, seconds(4)),
    ];
    const [loose, clean] = [newTakeId(), newTakeId()];
    const timing = { loose: true, skippedMs: 12, driftMs: -80 };
    const planted = await plantStory(site, site.mira, {
      takeId: loose,
      title: 'Loose',
      body: { kind: 'voice', uploadId: uploaded[0], timing },
    });
    await plantStory(site, site.mira, {
      takeId: clean,
      title: 'Clean',
      body: { kind: 'voice', uploadId: uploaded[1], timing: {} },
    });
    expect((await site.row(loose)).timing).toEqual(timing);
    expect((await site.row(clean)).timing).toBe(null);
    const change = await changesSince(site.db, planted.storyId, 0);
    expect(change?.takes.map(({ facts }) => facts.timing)).toEqual([timing]);
    expect(await checkStory(site.db, planted.storyId)).toEqual([]);
  });

  test('refuses timing that nobody can have measured', async () => {
    const uploaded = await site.recording(site.mira, seconds(4));
    for (const timing of [{ loose: false }, { skippedMs: 0.5 }, { skippedMs: -1 }, { late: 3 }]) {
      const body = { kind: 'voice', uploadId: uploaded, timing };
      const command = { takeId: newTakeId(), title: 'No', body };
      expect(await refusal(plantStory(site, site.mira, command))).toMatchObject({
        code: 'bad_request',
      });
    }
  });

  test('renames the guest who gives a name', async () => {
    const uploaded = await site.recording(site.jo, seconds(1));
    await plantStory(site, site.jo, {
      takeId: newTakeId(),
      title: 'Named',
      name: 'Joanna',
      body: { kind: 'voice', uploadId: uploaded },
    });
    const [user] = await site.db.select().from(users).where(eq(users.id, site.jo.id));
    expect(user?.name).toBe('Joanna');
  });

  test('under new names, each in the other’s story, never waits forever', async () => {
    for (let round = 0; round < 8; round += 1) {
      const [a, b] = await Promise.all([site.person('Ada'), site.person('Ben')]);
      const [hers, his] = [await site.planted(a, seconds(1)), await site.planted(b, seconds(1))];
      const answer = (by: Person, { storyId: story, seed }: typeof hers) =>
        branchStory(site, by, story, {
          takeId: newTakeId(),
          parentId: seed,
          name: 'Somebody else',
          body: { kind: 'text', words: 'Long enough to outlast a second of speech.' },
        });
      const answers = await Promise.allSettled([answer(a, his), answer(b, hers)]);
      expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
      const events = await site.db
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
        plantStory(site, site.mira, {
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
