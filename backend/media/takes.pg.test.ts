// A take whose tries are spent: how long it waits for the next ones, and when there are none left.
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { eq } from 'drizzle-orm';
import type { TakeId } from '#domain/story/ids.ts';
import { takes } from '#drizzle/schema.ts';
import { freshDatabase, type FreshDatabase } from '../../tests/harness/database.ts';
import { plantStory } from '../story/plant.ts';
import { newTakeId, openPublishing, type Publishing } from '../story/testing/publishing.ts';
import { ingestLater } from './takes.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

let fresh: FreshDatabase;
let site: Publishing;
let takeId: TakeId;

beforeAll(async () => {
  fresh = await freshDatabase();
  site = await openPublishing(fresh);
});
beforeEach(async () => {
  const mira = await site.person('Mira');
  const body = { kind: 'voice', uploadId: await site.recording(mira, 480_000), words: '' } as const;
  takeId = newTakeId();
  await plantStory(site, mira, { takeId, title: 'The mill', body });
  // Its first job, whose tries are spent.
  await fresh.pool.query(`delete from pgboss.job where name = 'take.ingest'`);
});
afterAll(async () => {
  await site.close();
  await fresh.close();
});

/**
 * What becomes of the take now, if its tries were spent first so long ago; null: just now. The next
 * ones begin in so many `seconds`, and say that they were spent first so many milliseconds later.
 */
async function spent(agoMs: number | null) {
  const sinceMs = Date.now() - (agoMs ?? 0);
  await ingestLater(site, { takeId, ...(agoMs !== null && { deadSinceMs: sinceMs }) });
  const { rows } = await fresh.pool.query<{ later: number; seconds: number }>(
    `select (data->>'deadSinceMs')::float8 - $1 as later,
       extract(epoch from start_after - created_on)::int as seconds
     from pgboss.job where name = 'take.ingest'`,
    [sinceMs],
  );
  const [take] = await fresh.db.select().from(takes).where(eq(takes.id, takeId));
  return { status: take?.status, again: rows };
}

const again = (seconds: number) => ({
  status: 'processing',
  again: [{ later: 0, seconds: expect.closeTo(seconds, -1) }],
});
const atFirst = {
  status: 'processing',
  again: [{ later: expect.closeTo(0, -5), seconds: 60 }],
};

test('it waits a minute at first', async () => {
  expect(await spent(null)).toEqual(atFirst);
});

test('then for as long as it has been so', async () => {
  expect(await spent(11 * MINUTE_MS)).toEqual(again(660));
});

test('but for an hour at most, so that it is not late for a store that is back', async () => {
  expect(await spent(23 * HOUR_MS)).toEqual(again(3_600));
});

test('a day after they were spent first, it has failed', async () => {
  expect(await spent(24 * HOUR_MS)).toEqual({ status: 'failed', again: [] });
});

test('a worker whose clock is a day ahead does not end it', async () => {
  const sinceMs = Date.now();
  vi.useFakeTimers({ toFake: ['Date'], now: sinceMs + 25 * HOUR_MS });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  await ingestLater(site, { takeId, deadSinceMs: sinceMs });
  const [take] = await fresh.db.select().from(takes).where(eq(takes.id, takeId));
  expect(take?.status).toBe('processing');
});

test('the days before anybody tried it do not count', async () => {
  const createdAt = new Date(Date.now() - 72 * HOUR_MS);
  await fresh.db.update(takes).set({ createdAt }).where(eq(takes.id, takeId));
  expect(await spent(null)).toEqual(atFirst);
});

test('one that is settled meanwhile is left alone', async () => {
  await site.ingest(takeId);
  expect(await spent(24 * HOUR_MS)).toEqual({ status: 'ready', again: [] });
});
