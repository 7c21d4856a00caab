// Nobody writes as somebody else: a Yjs client id belongs to whoever used it first, on every node.
import * as encoding from 'lib0/encoding';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import { CLOSE } from '#domain/protocol/room.ts';
import { wordsOf } from '#domain/story/document.ts';
import { freshDatabase, type FreshDatabase } from '../tests/harness/database.ts';
import { STEP } from './frames.ts';
import type { CollabProcess } from './testing/process.ts';
import { garbage } from './testing/raw.ts';
import { RefusalRoom, updateOf } from './testing/refusal-room.ts';
import { eventually, isSaved, textOf } from './testing/house.ts';
import type { TestClient } from './testing/world.ts';

let fresh: FreshDatabase;
let room: RefusalRoom;
let other: CollabProcess;

beforeAll(async () => {
  // Hocuspocus prints each connection that a hook ends, with its stack.
  vi.spyOn(console, 'error').mockReturnValue();
  fresh = await freshDatabase();
  room = await RefusalRoom.open(fresh);
  other = await room.startNode();
}, 60_000);

beforeEach(() => room.plant());
afterEach(() => room.staysWhole());
afterAll(async () => {
  await room.close();
  await fresh.close();
});

const EDITS = ['one ', 'two ', 'three ', 'four ', 'five '];

/** Mira writes, loses the line, and goes on writing. */
async function offlineVictim(): Promise<TestClient> {
  const victim = await room.join(room.mira);
  wordsOf(victim.doc).insert(0, 'zero ');
  await eventually(() => expect(isSaved(victim)).toBe(true));
  victim.provider.configuration.websocketProvider.disconnect();
  await eventually(() => expect(victim.provider.isSynced).toBe(false));
  for (const edit of EDITS) wordsOf(victim.doc).insert(wordsOf(victim.doc).length, edit);
  return victim;
}

async function allSurvives(victim: TestClient): Promise<void> {
  void victim.provider.configuration.websocketProvider.connect();
  await eventually(() => expect(isSaved(victim)).toBe(true));
  const reader = await room.join(room.jo);
  for (const edit of ['zero ', ...EDITS]) {
    expect(textOf(victim)).toContain(edit);
    expect(textOf(reader)).toContain(edit);
  }
}

describe('the client id of somebody who is offline', () => {
  test.each(['hocuspocus', 'y-websocket'] as const)(
    'cannot be written under by %s: 5 of 5 edits survive',
    async (dialect) => {
      const victim = await offlineVictim();
      const attacker = await room.raw(room.jo, { dialect });
      attacker.sync(STEP.update, garbage(victim.doc.clientID, 5, 500));
      await eventually(() => expect(attacker.closes).toMatchObject([{ code: CLOSE.notYours }]));
      await allSurvives(victim);
    },
  );

  test('cannot be written under in an answer either', async () => {
    const victim = await offlineVictim();
    const attacker = await room.raw(room.jo);
    attacker.sync(STEP.reply, garbage(victim.doc.clientID, 5, 500));
    await eventually(() => expect(attacker.saved()).toHaveLength(1));
    await allSurvives(victim);
  });

  test('cannot be deleted in advance by somebody who leaves before the answer', async () => {
    const victim = await offlineVictim();
    const attacker = await room.raw(room.jo);
    const doc = new Y.Doc();
    wordsOf(doc).insert(0, 'bait ');
    attacker.sync(STEP.update, Y.encodeStateAsUpdate(doc));
    await eventually(() => expect(attacker.saved()).toEqual([true]));
    const deletions = encoding.createEncoder();
    for (const n of [0, 1, victim.doc.clientID, 1, 5, 500]) encoding.writeVarUint(deletions, n);
    attacker.sync(STEP.update, encoding.toUint8Array(deletions));
    // Over this the server closes the socket before it answers the other.
    attacker.socket.send('no frame');
    await eventually(() => expect(attacker.closes).toMatchObject([{ code: CLOSE.malformed }]));
    await allSurvives(victim);
  });

  test('cannot be written under on another node', async () => {
    const victim = await offlineVictim();
    const attacker = await room.raw(room.jo, { at: other });
    attacker.sync(STEP.update, garbage(victim.doc.clientID, 5, 500));
    await eventually(() => expect(attacker.closes).toMatchObject([{ code: CLOSE.notYours }]));
    await allSurvives(victim);
  });

  test('cannot be written under after the server was restarted', async () => {
    const victim = await offlineVictim();
    const restarted = await room.startNode();
    const attacker = await room.raw(room.jo, { at: restarted });
    attacker.sync(STEP.update, garbage(victim.doc.clientID, 5, 500));
    await eventually(() => expect(attacker.closes).toMatchObject([{ code: CLOSE.notYours }]));
    await allSurvives(victim);
  });
});

test('the client id of somebody who is only present cannot be written under', async () => {
  const victim = await room.join(room.mira);
  victim.provider.setAwarenessField('caret', null);
  const attacker = await room.raw(room.jo);
  await eventually(() => expect(attacker.heard.length).toBeGreaterThan(2));
  const stolen = new Y.Doc();
  stolen.clientID = victim.doc.clientID;
  const update = updateOf((doc) => wordsOf(doc).insert(0, 'stolen'), stolen);
  attacker.sync(STEP.update, update);
  await eventually(() => expect(attacker.closes).toMatchObject([{ code: CLOSE.notYours }]));
  wordsOf(victim.doc).insert(0, 'mine ');
  await eventually(() => expect(isSaved(victim)).toBe(true));
  expect(textOf(await room.join(room.jo))).toBe('mine Base.');
});

test('the server’s own client id cannot be written under', async () => {
  const attacker = await room.raw(room.jo);
  attacker.sync(STEP.update, garbage(1, 5, 10));
  await eventually(() => expect(attacker.closes).toMatchObject([{ code: CLOSE.notYours }]));
  expect(textOf(await room.join(room.mira))).toBe('Base.');
});

test('an honest answer that carries edits of others is taken without them', async () => {
  const writer = await room.join(room.mira);
  wordsOf(writer.doc).insert(5, ' Mira.');
  await eventually(() => expect(isSaved(writer)).toBe(true));
  const doc = new Y.Doc();
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(writer.doc));
  // An edit of Mira's that Jo saw, and a node lost before it was saved.
  const lost = new Y.Doc();
  Y.applyUpdate(lost, Y.encodeStateAsUpdate(writer.doc));
  lost.clientID = writer.doc.clientID;
  wordsOf(lost).insert(11, ' Lost.');
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(lost));
  wordsOf(doc).insert(0, 'Jo. ');
  const honest = await room.join(room.jo, room.node, doc);
  await eventually(() => expect(isSaved(honest)).toBe(true));
  await eventually(() => expect(textOf(writer)).toBe('Jo. Base. Mira.'));
  expect(honest.closes).toEqual([]);
});

test('one person’s second tab, and a tab that comes back, write on', async () => {
  const one = await room.join(room.mira);
  const two = await room.join(room.mira, other);
  wordsOf(one.doc).insert(0, 'one ');
  wordsOf(two.doc).insert(0, 'two ');
  one.provider.configuration.websocketProvider.disconnect();
  await eventually(() => expect(one.provider.isSynced).toBe(false));
  wordsOf(one.doc).insert(0, 'again ');
  void one.provider.configuration.websocketProvider.connect();
  await eventually(() => expect([one, two].every(isSaved)).toBe(true));
  // A new tab with the copy that another left behind sends its edits under that one's id.
  const kept = new Y.Doc();
  Y.applyUpdate(
    kept,
    updateOf((doc) => wordsOf(doc).insert(0, 'kept '), one.doc),
  );
  const three = await room.join(room.mira, room.node, kept);
  wordsOf(three.doc).insert(0, 'three ');
  await eventually(() => expect(isSaved(three)).toBe(true));
  const words = textOf(await room.join(room.jo)).split(' ');
  expect(words.toSorted()).toEqual(['again', 'kept', 'one', 'three', 'two', 'Base.'].toSorted());
});
