// Two nodes and Redis, each of them a process: whichever is killed, hangs or comes back, what was
// called saved is there, once, and nothing else.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { freshDatabase, type FreshDatabase } from '../tests/harness/database.ts';
import { redisVersion, startRedis, type TestRedis } from '../tests/harness/redis.ts';
import { channelOf } from './node-messages.ts';
import { CollabProcesses, type CollabProcess } from './testing/process.ts';
import { PATIENCE, readFresh, readLogged, until, untilMirrored } from './testing/reading.ts';
import { FLAWLESS, tally, type Tally } from './testing/tally.ts';
import { TokenWriter } from './testing/token-writer.ts';
import { person, plant, type TestPerson, type TestStory } from './testing/world.ts';

/** Edits that a writer has on the way at once, and how often it makes one, milliseconds. */
const IN_FLIGHT = 8;
const STROKE_MS = 20;

/** Resolves once somebody has seen all that was called saved by now. */
async function seen(reader: TokenWriter, of: TokenWriter): Promise<void> {
  const saved = [...of.saved];
  await until('seen on the other node', () =>
    saved.every((token) => reader.text().includes(token)),
  );
}

describe.skipIf(redisVersion === null)(`with Redis (${redisVersion ?? 'none'})`, () => {
  const processes = new CollabProcesses();
  const writers: TokenWriter[] = [];
  /** Who writes at the moment. */
  const writing = new Map<TokenWriter, NodeJS.Timeout>();
  let fresh: FreshDatabase;
  let mira: TestPerson;
  let dataDir: string;
  let redis: TestRedis;
  let story: TestStory;

  beforeAll(async () => {
    fresh = await freshDatabase();
    mira = await person(fresh, 'Mira');
    dataDir = await mkdtemp(path.join(tmpdir(), 'tap-story-redis-'));
  });

  beforeEach(async () => {
    [redis, story] = await Promise.all([startRedis(), plant(fresh, mira.user.id)]);
  });

  afterEach(async () => {
    rest([...writing.keys()]);
    for (const writer of writers.splice(0)) writer.die();
    await processes.killAll();
    await redis.kill();
  });

  afterAll(async () => {
    await fresh.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  const start = (): Promise<CollabProcess> =>
    processes.start({ databaseUrl: fresh.url, dataDir, env: { REDIS_URL: redis.url } });

  function join(node: CollabProcess, label: string): TokenWriter {
    const writer = new TokenWriter({ url: node.url, document: story.words, who: mira, label });
    writers.push(writer);
    return writer;
  }

  function write(those: readonly TokenWriter[]): void {
    for (const writer of those) {
      const stroke = () => writer.inFlight < IN_FLIGHT && writer.write();
      writing.set(writer, setInterval(stroke, STROKE_MS));
    }
  }

  function rest(those: readonly TokenWriter[]): void {
    for (const writer of those) {
      clearInterval(writing.get(writer));
      writing.delete(writer);
    }
  }

  /** Has them write until each was told that so many more edits are saved, then does something. */
  async function underLoad(
    those: readonly TokenWriter[],
    edits: number,
    act: () => Promise<unknown> | void = () => undefined,
  ): Promise<void> {
    const goals = those.map(({ saved }) => saved.length + edits);
    write(those);
    await until(`${edits} more edits saved`, () =>
      those.every(({ saved }, n) => saved.length >= (goals[n] ?? 0)),
    );
    await act();
    rest(those);
  }

  /** Resolves once both nodes hear the words over Redis. */
  async function heardByBoth(): Promise<void> {
    const spy = new Redis(redis.url);
    try {
      await vi.waitFor(async () => {
        const channel = channelOf(story.words);
        expect(await spy.pubsub('NUMSUB', channel)).toEqual([channel, 2]);
      }, PATIENCE);
    } finally {
      spy.disconnect();
    }
  }

  /** What is wrong once all writers, readers of the nodes, log and row have the same words. */
  async function settled(
    nodes: readonly CollabProcess[],
    living: readonly TokenWriter[],
  ): Promise<Tally> {
    await until('everything saved', () => living.every(({ inFlight }) => inFlight === 0));
    const text = await readLogged(fresh, story.words);
    await until('the same for all', () => living.every((writer) => writer.text() === text));
    for (const { url } of nodes) expect(await readFresh(url, story.words, mira)).toBe(text);
    await untilMirrored(fresh, story, text);
    return tally(text, writers);
  }

  test('each node is killed under load', async () => {
    const [a, b] = await Promise.all([start(), start()]);
    const [a1, a2, b1] = [join(a, 'a'), join(a, 'b'), join(b, 'c')];
    await underLoad([a1, a2, b1], 10, async () => {
      await heardByBoth();
      await a.kill();
    });
    // They go with it: nobody can send again what it had not committed.
    a1.die();
    a2.die();
    await underLoad([b1], 10);
    const again = await start();
    const a3 = join(again, 'd');
    await underLoad([a3, b1], 10, () => b.kill());
    b1.moveTo(again.url);
    await underLoad([a3, b1], 10);
    expect(await settled([again], [a3, b1])).toEqual(FLAWLESS);
  });

  test('Redis is killed under load, and comes back', async () => {
    const [a, b] = await Promise.all([start(), start()]);
    const [a1, b1] = [join(a, 'a'), join(b, 'b')];
    await underLoad([a1, b1], 10, async () => {
      await heardByBoth();
      await redis.kill();
    });
    await underLoad([a1, b1], 20, () => redis.restart());
    await Promise.all([seen(b1, a1), seen(a1, b1)]);
    await heardByBoth();
    await underLoad([a1, b1], 10);
    expect(await settled([a, b], [a1, b1])).toEqual(FLAWLESS);
  });

  test('Redis hangs under load: nobody waits for it, not even to end', async () => {
    const [a, b] = await Promise.all([start(), start()]);
    const [a1, b1] = [join(a, 'a'), join(b, 'b')];
    await underLoad([a1, b1], 10, async () => {
      await heardByBoth();
      redis.pause();
    });
    await underLoad([a1, b1], 20);
    await Promise.all([seen(b1, a1), seen(a1, b1)]);
    await underLoad([a1, b1], 1, async () => expect(await b.end()).toBe(0));
    const again = await start();
    b1.moveTo(again.url);
    await underLoad([a1, b1], 10, () => redis.wake());
    await heardByBoth();
    await underLoad([a1, b1], 10);
    expect(await settled([a, again], [a1, b1])).toEqual(FLAWLESS);
  });
});
