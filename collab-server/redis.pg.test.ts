// Two collab-servers on one Postgres and one Redis: what one commits, the other is sent.
import { Redis } from 'ioredis';
import type { Awareness } from 'y-protocols/awareness';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import { readUpdates } from '#backend/postgres/documents.ts';
import { wordsOf } from '#domain/story/document.ts';
import { freshDatabase, type FreshDatabase } from '../tests/harness/database.ts';
import { redisVersion, startRedis, type TestRedis } from '../tests/harness/redis.ts';
import { channelOf, readMessage, writeMessage, type NodeMessage } from './node-messages.ts';
import {
  connect,
  connectPlain,
  person,
  plant,
  serve,
  type TestClient,
  type TestPerson,
  type TestServer,
} from './testing/world.ts';

const eventually = (check: () => void | Promise<void>) =>
  vi.waitFor(check, { timeout: 60_000, interval: 10 });
const seenBy = (client: { awareness: Awareness | null }) =>
  Object.fromEntries(client.awareness?.getStates() ?? []);
const textOf = ({ doc }: TestClient) => wordsOf(doc).toJSON();

// Longer than the longest wait for a condition.
vi.setConfig({ testTimeout: 180_000 });

describe.skipIf(redisVersion === null)(`two nodes and Redis (${redisVersion ?? 'none'})`, () => {
  let fresh: FreshDatabase;
  let redis: TestRedis;
  let spy: Redis;
  let mira: TestPerson;
  let here: TestServer;
  let there: TestServer;
  const leaving: TestClient[] = [];

  beforeAll(async () => {
    [fresh, redis] = await Promise.all([freshDatabase(), startRedis()]);
    spy = new Redis(redis.url);
    mira = await person(fresh, 'Mira');
    const settings = { redisUrl: redis.url };
    [here, there] = await Promise.all([serve(fresh, settings), serve(fresh, settings)]);
  });

  afterEach(() => {
    for (const client of leaving.splice(0)) client.destroy();
  });

  afterAll(async () => {
    spy.disconnect();
    await Promise.all([here.stopAll(), there.stopAll()]);
    await Promise.all([fresh.close(), redis.kill()]);
  });

  async function join(server: TestServer, name: string): Promise<TestClient> {
    const client = connect(server.url, name, mira);
    leaving.push(client);
    await eventually(() => expect(client.provider.isSynced).toBe(true));
    return client;
  }

  /** Sends updates as a third node would. */
  async function send(name: string, updates: readonly (readonly [number, Uint8Array])[]) {
    const message = writeMessage({
      kind: 'updates',
      node: crypto.randomUUID(),
      seqs: updates.map(([seq]) => seq),
      updates: updates.map(([, update]) => Buffer.from(update).toString('base64')),
    });
    await spy.publish(channelOf(name), message ?? '');
  }

  /** Resolves when so many nodes hear a document's channel. */
  async function heard(name: string, nodes = 2): Promise<void> {
    await eventually(async () => {
      expect(await spy.pubsub('NUMSUB', channelOf(name))).toEqual([channelOf(name), nodes]);
    });
  }

  test('an edit is sent after its commit, with its number, and logged once', async () => {
    const story = await plant(fresh, mira.user.id);
    const messages: NodeMessage[] = [];
    const listener = spy.duplicate();
    await listener.subscribe(channelOf(story.words));
    const logged: Promise<number>[] = [];
    listener.on('message', (_, message) => {
      const read = readMessage(message);
      if (read.kind !== 'updates') return;
      messages.push(read);
      logged.push(readUpdates(fresh.db, story.words).then(({ length }) => length));
    });
    const [a, b] = [await join(here, story.words), await join(there, story.words)];
    wordsOf(a.doc).insert(0, 'over Redis');
    await eventually(() => expect(textOf(b)).toBe('over Redis'));
    await eventually(() => expect(messages).toHaveLength(1));
    const [sent] = messages;
    const rows = await readUpdates(fresh.db, story.words);
    expect(sent).toMatchObject({
      seqs: rows.map(({ seq }) => seq),
      updates: rows.map(({ update }) => Buffer.from(update).toString('base64')),
    });
    expect(await Promise.all(logged)).toEqual([1]);
    listener.disconnect();
  });

  test('what is sent is applied as it came: nobody reads the log for it', async () => {
    const story = await plant(fresh, mira.user.id);
    const b = await join(there, story.words);
    await heard(story.words, 1);
    const doc = new Y.Doc();
    wordsOf(doc).insert(0, 'in no log');
    await send(story.words, [[1, Y.encodeStateAsUpdate(doc)]]);
    await eventually(() => expect(textOf(b)).toBe('in no log'));
  });

  test('what is not a message of ours is refused, and changes nothing', async () => {
    const story = await plant(fresh, mira.user.id, 'Base.');
    const [a, b] = [await join(here, story.words), await join(there, story.words)];
    await heard(story.words);
    const node = crypto.randomUUID();
    const bomb = Buffer.from([1, 0x80, 0x87, 0xa7, 0x0e, 1, 0]).toString('base64');
    const lies = [
      'text',
      '{}',
      JSON.stringify({ kind: 'updates', node, seqs: [], updates: [] }),
      JSON.stringify({ kind: 'updates', node, seqs: [1], updates: [] }),
      JSON.stringify({ kind: 'updates', node, seqs: [0], updates: ['AAA='] }),
      JSON.stringify({ kind: 'updates', node, seqs: [9], updates: [bomb] }),
      JSON.stringify({ kind: 'updates', node, seqs: [9], updates: ['A'.repeat(600_000)] }),
    ];
    for (const lie of lies) await spy.publish(channelOf(story.words), lie);
    wordsOf(a.doc).insert(0, 'Still here. ');
    await eventually(() => expect(textOf(b)).toBe('Still here. Base.'));
    expect(textOf(a)).toBe('Still here. Base.');
  });

  test('an update that builds on one that never came has the log read', async () => {
    const story = await plant(fresh, mira.user.id);
    const b = await join(there, story.words);
    await heard(story.words, 1);
    // Two updates of somebody, committed without a word to anybody; the second one is sent.
    const doc = new Y.Doc();
    const updates: Uint8Array[] = [];
    doc.on('update', (update: Uint8Array) => void updates.push(update));
    wordsOf(doc).insert(0, 'first ');
    wordsOf(doc).insert(6, 'second');
    await fresh.pool.query(
      `insert into document_updates (document, update)
       select $1, u from unnest($2::bytea[]) with ordinality as x(u, n) order by n`,
      [story.words, updates],
    );
    const rows = await readUpdates(fresh.db, story.words);
    const [, second] = rows;
    if (second === undefined) throw new Error('both updates must be in the log');
    await send(story.words, [[second.seq, second.update]]);
    await eventually(() => expect(textOf(b)).toBe('first second'));
  });

  test('people on one node are seen on the other, by every kind of client, until they go', async () => {
    const story = await plant(fresh, mira.user.id);
    const jo = await person(fresh, 'Jo');
    const third = await serve(fresh, { redisUrl: redis.url });
    const [a, b] = [await join(here, story.words), await join(there, story.words)];
    const plain = connectPlain(there.url, story.words, jo);
    const c = connect(third.url, story.words, jo);
    a.provider.setAwarenessField('caret', { anchor: 1, head: 2 });
    plain.provider.awareness.setLocalState({});
    c.provider.awareness?.setLocalState({ recordingOver: story.seedId });
    const ofMira = { user: mira.user, caret: { anchor: 1, head: 2 } };
    await eventually(() => {
      expect(seenBy(a.provider)[plain.doc.clientID]).toEqual({ user: jo.user });
      expect(seenBy(plain.provider)[a.doc.clientID]).toEqual(ofMira);
      expect(seenBy(b.provider)).toMatchObject({
        [a.doc.clientID]: ofMira,
        [c.doc.clientID]: { user: jo.user, recordingOver: story.seedId },
      });
    });
    c.destroy();
    plain.destroy();
    await third.stopAll();
    await eventually(() => {
      expect(seenBy(b.provider)[c.doc.clientID]).toBeUndefined();
      expect(seenBy(a.provider)[plain.doc.clientID]).toBeUndefined();
      expect(seenBy(b.provider)[a.doc.clientID]).toEqual(ofMira);
    });
  });

  test('a document that nobody has open is not listened to', async () => {
    const story = await plant(fresh, mira.user.id);
    const brief = await serve(fresh, { redisUrl: redis.url, warmMs: 0 });
    const client = await join(brief, story.words);
    await heard(story.words, 1);
    client.destroy();
    await expect(heard(story.words, 0)).resolves.toBeUndefined();
    await brief.stopAll();
  });
});
