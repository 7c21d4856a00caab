// Plants the demo story through the same commands as everybody's stories. Every id is fixed and
// every step can be repeated, so a planting that was cut short goes on where it stopped.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { count, eq } from 'drizzle-orm';
import { readConfig } from '#backend/config.ts';
import { createLogger, type Logger } from '#backend/log.ts';
import { openDatabase, type Database } from '#backend/postgres/database.ts';
import { NoticeListener } from '#backend/postgres/notices.ts';
import { openQueue, type Queue } from '#backend/queue/queue.ts';
import type { ObjectStore } from '#backend/storage/objects.ts';
import { openObjectStore } from '#backend/storage/open.ts';
import { branchStory } from '#backend/story/branch.ts';
import { plantStory } from '#backend/story/plant.ts';
import { announceUpload, completeUpload } from '#backend/uploads/uploads.ts';
import type { Person } from '#domain/access/policy.ts';
import type { TakeBody } from '#domain/protocol/commands.ts';
import { storyId, takeId, userId, type StoryId } from '#domain/story/ids.ts';
import { stories, takes, users } from '#drizzle/schema.ts';
import { demoRecording, demoTakes, demoTitle, demoVoices, type DemoTake } from './story.ts';

interface Deps {
  readonly db: Database;
  readonly objects: ObjectStore;
  readonly queue: Queue;
  readonly log: Logger;
}

/** Resolves when the next event of any story is committed. */
type NextEvent = () => Promise<void>;

async function plant(deps: Deps, nextEvent: NextEvent): Promise<void> {
  if (await otherStoriesExist(deps.db)) return;
  const voices = Object.values(demoVoices).map(({ userId: id, name, hue }) => ({
    id: userId(id),
    name,
    hue,
  }));
  await deps.db.insert(users).values(voices).onConflictDoNothing();
  let story: StoryId | undefined;
  for (const take of demoTakes) {
    const [row] = await deps.db
      .select()
      .from(takes)
      .where(eq(takes.id, takeId(take.id)));
    story = row?.storyId ?? (await publish(deps, take, story));
    if (!(await becomesReady(deps.db, take, nextEvent))) throw new Error(`${take.id} failed`);
  }
  deps.log.info({ takes: demoTakes.length }, 'the demo story is planted');
}

/** True once somebody has planted a story of their own: then this site needs no demo. */
async function otherStoriesExist(db: Database): Promise<boolean> {
  const [all] = await db.select({ n: count() }).from(stories);
  const seed = demoTakes[0];
  if (all === undefined || all.n === 0 || seed === undefined) return false;
  const [demo] = await db
    .select()
    .from(takes)
    .where(eq(takes.id, takeId(seed.id)));
  return demo === undefined;
}

async function publish(deps: Deps, take: DemoTake, story: StoryId | undefined): Promise<StoryId> {
  const person: Person = { id: userId(demoVoices[take.by].userId) };
  const id = takeId(take.id);
  const body = await bodyOf(deps, person, take);
  if (take.parentId === null || story === undefined) {
    const planted = await plantStory(deps, person, { takeId: id, title: demoTitle, body });
    return storyId(planted.storyId);
  }
  await branchStory(deps, person, story, { takeId: id, parentId: takeId(take.parentId), body });
  return story;
}

async function bodyOf(deps: Deps, person: Person, take: DemoTake): Promise<TakeBody> {
  if (take.kind === 'text') return { kind: 'text', words: take.words };
  const bytes = await readFile(demoRecording(take));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const announced = { bytes: bytes.byteLength, contentType: 'audio/ogg', sha256 };
  const ticket = await announceUpload(deps, person, announced);
  for (const { url } of ticket.missing) {
    const answer = await fetch(url, { method: 'PUT', body: bytes });
    if (!answer.ok) throw new Error(`the store answered ${answer.status} to a demo recording`);
  }
  await completeUpload(deps, person, ticket.uploadId);
  return { kind: 'voice', uploadId: ticket.uploadId, words: take.words };
}

async function becomesReady(db: Database, take: DemoTake, nextEvent: NextEvent): Promise<boolean> {
  for (;;) {
    const event = nextEvent();
    const [row] = await db
      .select()
      .from(takes)
      .where(eq(takes.id, takeId(take.id)));
    if (row !== undefined && row.status !== 'processing') return row.status === 'ready';
    await event;
  }
}

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const log = createLogger('demo-story', config.LOG_LEVEL);
  if (config.DATABASE_URL === undefined) throw new Error('DATABASE_URL is not set');
  const database = openDatabase(config.DATABASE_URL, { max: 2, log });
  const queue = await openQueue(config.DATABASE_URL, { log });
  let waiting = Promise.withResolvers<void>();
  const wake = (): void => {
    waiting.resolve();
    waiting = Promise.withResolvers();
  };
  const listener = new NoticeListener(
    config.DATABASE_URL,
    { story_event: wake },
    { log, onConnected: wake },
  );
  try {
    const objects = await openObjectStore(config);
    await plant({ db: database.db, objects, queue, log }, () => waiting.promise);
  } finally {
    await listener.close();
    await queue.stop();
    await database.close();
  }
}

process.once('disconnect', () => process.exit(0));
await main();
// Listening for the launcher's end would keep us here for as long as it lives.
process.disconnect?.();
