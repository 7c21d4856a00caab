// Answering a take: where the answer begins, and when it cannot be.
import { asc, eq } from 'drizzle-orm';
import { array, assert, asyncProperty, constantFrom, integer, record } from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Problem } from '#domain/protocol/problem.ts';
import type { TakeId } from '#domain/story/ids.ts';
import { endOf, readingTime, startFor, type Span } from '#domain/timeline/duet.ts';
import { MAX_PATH_SAMPLES } from '#domain/timeline/samples.ts';
import { storyEvents, takes } from '#drizzle/schema.ts';
import { freshDatabase } from '../../tests/harness/database.ts';
import { branchStory } from './branch.ts';
import { countRows, newTakeId } from './testing/publishing.ts';
import { refusal, seconds, useSite } from './testing/publishing-site.ts';

const site = useSite(freshDatabase);

describe('branching', () => {
  test('starts the first two takes at 0, then each where its grandparent ends', async () => {
    const { storyId: story, seed } = await site.planted(site.mira, seconds(4));
    const second = await site.branched(site.jo, story, seed, seconds(7));
    await site.ingest(second.takeId);
    const third = await site.branched(site.mira, story, second.takeId, seconds(5));
    expect((await site.row(second.takeId)).startSamples).toBe(0);
    expect((await site.row(third.takeId)).startSamples).toBe(seconds(4));
    const written = await branchStory(site, site.jo, story, {
      takeId: newTakeId(),
      parentId: second.takeId,
      body: { kind: 'text', words: 'read after it' },
    });
    expect((await site.row(written.takeId)).startSamples).toBe(seconds(7));
  });

  test('refuses a take that ends with its parent, and says by how much', async () => {
    const { storyId: story, seed } = await site.planted(site.mira, seconds(4));
    const before = await countRows(site.db);
    const short = await refusal(site.branched(site.jo, story, seed, seconds(1.6)));
    expect(short).toMatchObject({ code: 'does_not_outlast_parent', status: 422 });
    expect(short.missingSeconds).toBeCloseTo(2.41, 5);
    expect(short.message).toContain('2.4 s longer');
    const equal = await refusal(site.branched(site.jo, story, seed, seconds(4)));
    expect(equal).toMatchObject({ code: 'does_not_outlast_parent', missingSeconds: 0.01 });
    expect(await countRows(site.db)).toEqual(before);
    await site.branched(site.jo, story, seed, seconds(4) + 1);
  });

  test('leaves the judgement to the worker where a header gives no length', async () => {
    const { storyId: story, seed } = await site.planted(site.mira, seconds(4));
    const answer = await site.branched(site.jo, story, seed, null);
    expect(await site.row(answer.takeId)).toMatchObject({
      durationSamples: null,
      status: 'processing',
    });
  });

  test('waits for the parent to be ready', async () => {
    const { storyId: story, seed } = await site.planted(site.mira, seconds(1));
    const child = await site.branched(site.jo, story, seed, seconds(2));
    const early = await refusal(site.branched(site.mira, story, child.takeId, seconds(3)));
    expect(early).toMatchObject({ code: 'parent_not_ready', status: 409 });
    await site.ingest(child.takeId, { failure: 'not_audio' });
    const failed = await refusal(site.branched(site.mira, story, child.takeId, seconds(3)));
    expect(failed).toMatchObject({ code: 'parent_unusable', status: 409 });
  });

  test('keeps both of two answers to one tail given at the same moment', async () => {
    const { storyId: story, seed } = await site.planted(site.mira, seconds(1));
    const answers = await Promise.all([
      site.branched(site.jo, story, seed, seconds(2)),
      site.branched(site.mira, story, seed, seconds(3)),
    ]);
    const children = await site.db.select().from(takes).where(eq(takes.parentId, seed));
    expect(new Set(children.map((child) => child.id))).toEqual(
      new Set(answers.map((answer) => answer.takeId)),
    );
    expect(children.map((child) => child.startSamples)).toEqual([0, 0]);
  });

  test('counts the events of a story without gaps, whoever else is publishing', async () => {
    const { storyId: story, seed } = await site.planted(site.mira, seconds(1));
    await Promise.all(
      Array.from({ length: 12 }, () => site.branched(site.jo, story, seed, seconds(2))),
    );
    const events = await site.db
      .select({ revision: storyEvents.revision })
      .from(storyEvents)
      .where(eq(storyEvents.storyId, story))
      .orderBy(asc(storyEvents.revision));
    expect(events.map((event) => event.revision)).toEqual(
      Array.from({ length: 13 }, (_, index) => index + 1),
    );
  });

  test('known failure 45: does not lengthen a path past what its clock can count', async () => {
    const { storyId: story, seed } = await site.planted(site.mira, seconds(1));
    const child = await site.branched(site.jo, story, seed, seconds(2));
    await site.db
      .update(takes)
      .set({ status: 'ready', durationSamples: MAX_PATH_SAMPLES - seconds(1) })
      .where(eq(takes.id, child.takeId));
    const long = await refusal(
      branchStory(site, site.mira, story, {
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
        const { storyId: story, seed } = await site.planted(site.mira, 1_000);
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
              : { kind, uploadId: await site.recording(site.jo, samples) };
          const command = { takeId, parentId: parent.id, body };
          const work = branchStory(site, site.jo, story, command);
          const outcome = await work.then(
            () => 'published',
            (problem: Problem) => problem.code,
          );
          expect(outcome).toBe(fits ? 'published' : 'does_not_outlast_parent');
          if (!fits) continue;
          expect(await site.row(takeId)).toMatchObject({ startSamples, durationSamples });
          await site.ingest(takeId);
          known.push({ id: takeId, parent, startSamples, durationSamples });
        }
      }),
      { numRuns: 12 },
    );
  });
});
