// What somebody may do in a document that is open changes while it is open, on every node, within
// two seconds; from raw frames.
import { randomUUID } from 'node:crypto';
import * as decoding from 'lib0/decoding';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import { changeStory, giveRole } from '#backend/story/change-story.ts';
import { openQueue, type Queue } from '#backend/queue/queue.ts';
import { setHidden } from '#backend/story/change-take.ts';
import { setDeleted } from '#backend/story/delete-story.ts';
import { CLOSE, roomName } from '#domain/protocol/room.ts';
import { takeId } from '#domain/story/ids.ts';
import { readTree, wordsOf } from '#domain/story/document.ts';
import { freshDatabase } from '../tests/harness/database.ts';
import { AUTH, authenticationFrame, FRAME, readFrame, STEP } from './frames.ts';
import { eventually, synced, useHouse } from './testing/house.ts';
import type { Framing, RawSocket } from './testing/raw.ts';
import {
  person,
  plant,
  type TestClient,
  type TestPerson,
  type TestServer,
  type TestStory,
} from './testing/world.ts';

const house = useHouse(freshDatabase);
let queue: Queue;
let there: TestServer;
let olga: TestPerson;
let jo: TestPerson;
let story: TestStory;

beforeAll(async () => {
  // Hocuspocus prints each document that somebody is refused.
  vi.spyOn(console, 'error').mockReturnValue();
  queue = await openQueue(house.fresh.url, { log: house.fresh.log });
  there = await house.openNode();
});
beforeEach(async () => {
  const { fresh } = house;
  [olga, jo] = await Promise.all([person(fresh, 'Olga'), person(fresh, 'Jo')]);
  story = await plant(fresh, olga.user.id, 'Once.');
});
afterAll(() => queue.stop());

/** Two seconds is what is promised; what is measured is a tenth of it. */
const soon = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 10 });

/** Raw sockets into a document on both nodes. */
const onBoth = (who: TestPerson | null, name: string, dialect?: Framing): Promise<RawSocket[]> =>
  Promise.all(
    [house.server, there].map(({ url }) =>
      house.joinRaw(name, who, { url, ...(dialect && { dialect }) }),
    ),
  );

async function join(server: TestServer, name: string, who: TestPerson): Promise<TestClient> {
  const client = house.join(name, who, server);
  await synced(client);
  return client;
}

const framesOf = ({ heard }: RawSocket, type: number) =>
  heard.map(readFrame).filter((frame) => frame.type === type);
/** What the server granted so far, the newest last. */
const granted = (raw: RawSocket) =>
  framesOf(raw, FRAME.auth)
    .filter(({ body }) => decoding.readVarUint(body) === AUTH.granted)
    .map(({ body }) => decoding.readVarString(body));
/** Why documents of a socket were closed so far. */
const putOut = (raw: RawSocket) =>
  framesOf(raw, FRAME.close).map(({ body }) => decoding.readVarString(body));

const give = (role: 'keeper' | 'teller' | 'commenter' | 'listener' | null) =>
  giveRole(house.fresh.db, olga.user, story.storyId, { userId: jo.user.id, role });

/** An edit of one letter, under a client id of its own. */
function edit(letter: string): Uint8Array {
  const doc = new Y.Doc();
  wordsOf(doc).insert(0, letter);
  return Y.encodeStateAsUpdate(doc);
}

async function logged(name: string): Promise<number> {
  const { rows } = await house.fresh.pool.query(
    'select count(*)::int as n from document_updates where document = $1',
    [name],
  );
  return (rows[0] as { n: number }).n;
}

test('somebody who becomes a listener writes no more, and is told so; what was saved stays', async () => {
  const jos = await onBoth(jo, story.words);
  expect(jos.map(granted)).toEqual([['read-write'], ['read-write']]);
  for (const raw of jos) raw.sync(STEP.update, edit('a'));
  await eventually(() => expect(jos.map((raw) => raw.saved())).toEqual([[true], [true]]));
  await give('listener');
  await soon(() => expect(jos.map((raw) => granted(raw).at(-1))).toEqual(['readonly', 'readonly']));
  for (const raw of jos) raw.sync(STEP.update, edit('b'));
  await eventually(() =>
    expect(jos.map((raw) => raw.saved())).toEqual([
      [true, false],
      [true, false],
    ]),
  );
  expect(jos.flatMap(({ closes }) => closes)).toEqual([]);
  const reader = await join(house.server, story.words, olga);
  expect(wordsOf(reader.doc).toJSON()).toBe('Once.aa');
});

test('a story that is for members alone takes the pen from who has no role, and gives it back', async () => {
  const client = await join(there, story.words, jo);
  expect(client.provider.authorizedScope).toBe('read-write');
  await changeStory(house.fresh.db, olga.user, story.storyId, { openness: 'members' });
  await soon(() => expect(client.provider.authorizedScope).toBe('readonly'));
  wordsOf(client.doc).insert(0, 'Not yet. ');
  const [raw] = await onBoth(jo, story.words);
  await give('keeper');
  await soon(() => expect(raw === undefined ? [] : putOut(raw)).toEqual(['reopen']));
  // Whoever opens it again writes, and what was not taken is.
  await client.provider.onOpen(new Event('open'));
  await eventually(() => expect(client.provider.authorizedScope).toBe('read-write'));
  await eventually(async () => {
    const reader = await join(house.server, story.words, olga);
    expect(wordsOf(reader.doc).toJSON()).toBe('Not yet. Once.');
  });
  expect(client.closes).toEqual([]);
});

test('somebody who is removed from a story of its members writes no more, on either node', async () => {
  await changeStory(house.fresh.db, olga.user, story.storyId, { openness: 'members' });
  await give('keeper');
  const jos = await onBoth(jo, story.words);
  expect(jos.map(granted)).toEqual([['read-write'], ['read-write']]);
  await give(null);
  await soon(() => expect(jos.map((raw) => granted(raw).at(-1))).toEqual(['readonly', 'readonly']));
  for (const raw of jos) raw.sync(STEP.update, edit('a'));
  await eventually(() => expect(jos.map((raw) => raw.saved())).toEqual([[false], [false]]));
  const reader = await join(there, story.words, olga);
  expect(wordsOf(reader.doc).toJSON()).toBe('Once.');
});

test('a y-websocket client that may write again is reconnected for it', async () => {
  await give('listener');
  const jos = await onBoth(jo, story.words, 'y-websocket');
  await give('keeper');
  await soon(() =>
    expect(jos.map(({ closes }) => closes)).toEqual([
      [{ code: 1012, reason: 'reopen' }],
      [{ code: 1012, reason: 'reopen' }],
    ]),
  );
});

test('the words of a take that is hidden are closed to those who may not see it, and to no others', async () => {
  const [jos, olgas] = [await onBoth(jo, story.words), await onBoth(olga, story.words)];
  const both = await house.joinRaw(story.tree, jo);
  both.socket.send(authenticationFrame(story.words));
  await eventually(() => expect(granted(both)).toEqual(['readonly', 'read-write']));
  await setHidden({ db: house.fresh.db, queue }, olga.user, { takeId: story.seedId, hidden: true });
  await soon(() =>
    expect(jos.map(({ closes }) => closes)).toEqual([
      [{ code: CLOSE.forbidden, reason: 'forbidden' }],
      [{ code: CLOSE.forbidden, reason: 'forbidden' }],
    ]),
  );
  // A socket that has something else open goes on.
  await soon(() => expect(putOut(both)).toEqual(['forbidden']));
  expect([both.closes, olgas.flatMap(({ closes }) => closes)]).toEqual([[], []]);
});

test('everybody in the tree is told what they are, and again when they become something else', async () => {
  const clients = [await join(house.server, story.tree, jo), await join(there, story.tree, jo)];
  const told = () =>
    clients.map(({ notices }) => notices.map((text) => JSON.parse(text) as unknown));
  const teller = { type: 'standing', role: 'teller', openness: 'open' };
  await eventually(() => expect(told()).toEqual([[teller], [teller]]));
  await give('commenter');
  const commenter = { ...teller, role: 'commenter' };
  await soon(() =>
    expect(told()).toEqual([
      [teller, commenter],
      [teller, commenter],
    ]),
  );
  await give(null);
  await soon(() => expect(told().map((all) => all.at(-1))).toEqual([teller, teller]));
});

test('a deleted story closes everywhere, to its owner too, and is there again when it is brought back', async () => {
  const insides = await Promise.all([
    onBoth(jo, story.tree),
    onBoth(olga, story.words),
    onBoth(null, story.tree),
    onBoth(jo, story.words, 'y-websocket'),
  ]);
  const other = await plant(house.fresh, olga.user.id, 'Another.');
  const outside = await onBoth(jo, other.words);
  await setDeleted(house.fresh.db, olga.user, { storyId: story.storyId, deleted: true });
  const gone = { code: CLOSE.gone, reason: 'gone' };
  await soon(() =>
    expect(insides.flat().map(({ closes }) => closes)).toEqual(insides.flat().map(() => [gone])),
  );
  expect(outside.flatMap(({ closes }) => closes)).toEqual([]);
  await setDeleted(house.fresh.db, olga.user, { storyId: story.storyId, deleted: false });
  const client = await join(there, story.tree, jo);
  await eventually(() => expect(readTree(client.doc).meta?.title).toBe('The lighthouse'));
});

test('what the notice of is lost is found by looking', async () => {
  const [raw] = await onBoth(jo, story.words);
  await house.fresh.pool.query(
    `update stories set openness = 'members', revision = revision + 1,
       standing_revision = revision + 1 where id = $1`,
    [story.storyId],
  );
  await soon(() => expect(raw === undefined ? [] : granted(raw).at(-1)).toBe('readonly'));
});

test('a tree whose notice was lost follows when it is looked at', async () => {
  const client = await join(house.server, story.tree, jo);
  await house.fresh.pool.query(
    `with later as (
       update stories set title = 'Unheard', revision = revision + 1 where id = $1
       returning id, revision
     ) insert into story_events (story_id, revision, take_id, kind)
       select id, revision, $2, 'retitled' from later`,
    [story.storyId, story.seedId],
  );
  await soon(() => expect(readTree(client.doc).meta?.title).toBe('Unheard'));
});

test('nobody is put out while Postgres cannot say', async () => {
  const jos = await onBoth(jo, story.words);
  const debug = vi.spyOn(house.fresh.log, 'debug');
  const failures = () =>
    debug.mock.calls.filter(([, said]) => said === 'standings cannot be looked up');
  await house.fresh.pool.query('alter table stories rename to stories_away');
  await eventually(() => expect(failures().length).toBeGreaterThan(3));
  await house.fresh.pool.query('alter table stories_away rename to stories');
  expect(jos.flatMap(({ closes }) => closes)).toEqual([]);
  await give('listener');
  await soon(() => expect(jos.map((raw) => granted(raw).at(-1))).toEqual(['readonly', 'readonly']));
});

test('rooms that are unknown, deleted or hidden are refused alike, and nothing is made of them', async () => {
  const deleted = await plant(house.fresh, olga.user.id);
  const hidden = await plant(house.fresh, olga.user.id);
  await setDeleted(house.fresh.db, olga.user, { storyId: deleted.storyId, deleted: true });
  await setHidden({ db: house.fresh.db, queue }, olga.user, {
    takeId: hidden.seedId,
    hidden: true,
  });
  const rooms = [
    `story:${randomUUID()}`,
    roomName({ kind: 'words', takeId: takeId(randomUUID()) }),
    deleted.tree,
    deleted.words,
    hidden.words,
    hidden.words.toUpperCase(),
    'draft:nobody',
  ];
  const raw = await house.joinRaw(story.tree, jo);
  const answers = () =>
    framesOf(raw, FRAME.auth)
      .slice(1)
      .map(({ body }) => [decoding.readVarUint(body), decoding.readVarString(body)]);
  for (const name of rooms) raw.socket.send(authenticationFrame(name));
  await eventually(() =>
    expect(answers()).toEqual(rooms.map(() => [AUTH.denied, 'permission-denied'])),
  );
  for (const name of rooms) expect(await logged(name)).toBe(0);
  expect(raw.closes).toEqual([]);
});
