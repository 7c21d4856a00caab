// A test for each refusal of the guard, from raw frames. Each ends with somebody else's edit saved
// soon, by a process that is the same as before.
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import * as decoding from 'lib0/decoding';
import * as Y from 'yjs';
import { MAX_WORDS_LENGTH } from '#domain/protocol/commands.ts';
import { CLOSE, REFUSED } from '#domain/protocol/room.ts';
import { wordsOf } from '#domain/story/document.ts';
import { freshDatabase, type FreshDatabase } from '../tests/harness/database.ts';
import { FRAME, readFrame, STEP } from './frames.ts';
import { garbage, presenceFrame, skipped, type RawSocket } from './testing/raw.ts';
import { RefusalRoom, updateOf } from './testing/refusal-room.ts';
import { eventually, textOf } from './testing/house.ts';
import { connectPlain, type TestClient } from './testing/world.ts';

/** How finely processor time is counted, milliseconds, a few times over. */
const CLOCK_TICKS_MS = 100;

let fresh: FreshDatabase;
let room: RefusalRoom;

beforeAll(async () => {
  // Hocuspocus prints each connection that a hook ends, with its stack.
  vi.spyOn(console, 'error').mockReturnValue();
  fresh = await freshDatabase();
  room = await RefusalRoom.open(fresh);
}, 60_000);

beforeEach(() => room.plant());
afterEach(() => room.staysWhole());
afterAll(async () => {
  await room.close();
  await fresh.close();
});

/** The documents that a socket was told are refused. */
function refusedIn({ heard }: RawSocket): string[] {
  return heard.flatMap((bytes) => {
    const { address, type, body } = readFrame(bytes);
    return type === FRAME.close && decoding.readVarString(body) === REFUSED ? [address] : [];
  });
}

test('a y-websocket client writes under the same guard', async () => {
  const plain = connectPlain(room.node.url, room.story.words, room.jo);
  room.onLeave(plain.destroy);
  await eventually(() => expect(plain.provider.synced).toBe(true));
  wordsOf(plain.doc).insert(0, 'plain ');
  const reader = await room.join(room.mira);
  await eventually(() => expect(textOf(reader)).toBe('plain Base.'));
});

describe.each(['hocuspocus', 'y-websocket'] as const)(
  'an update by %s is refused that',
  (dialect) => {
    const hidden: readonly [string, number, Uint8Array][] = [
      ['does not decode', CLOSE.malformed, new Uint8Array([1, 0x80, 0x87, 0xa7, 0x0e, 1, 0])],
      ['claims a clock that nobody reaches', CLOSE.malformed, garbage(99, 0, 2 ** 40)],
      ['has another root', CLOSE.unfit, updateOf((doc) => doc.getText('else').insert(0, 'x'))],
      ['has a map', CLOSE.unfit, updateOf((doc) => doc.getMap('words').set('a', 1))],
      [
        'has a type within the words',
        CLOSE.unfit,
        updateOf((doc) => wordsOf(doc).insertEmbed(0, new Y.Map())),
      ],
      ['has a file', CLOSE.unfit, updateOf((doc) => wordsOf(doc).insertEmbed(0, { bytes: 'x' }))],
      ['has a NUL', CLOSE.unfit, updateOf((doc) => wordsOf(doc).insert(0, '\0'))],
      ['has formats', CLOSE.unfit, updateOf((doc) => wordsOf(doc).insert(0, 'x', { bold: true }))],
      [
        'is longer than words may be',
        CLOSE.tooLarge,
        updateOf((doc) => wordsOf(doc).insert(0, 'x'.repeat(MAX_WORDS_LENGTH))),
      ],
    ];
    test.each(hidden)('%s', async (_what, code, update) => {
      const attacker = await room.raw(room.jo, { dialect });
      attacker.sync(STEP.update, update);
      await eventually(() => expect(attacker.closes).toMatchObject([{ code }]));
      // Which document it was, to whoever could not know, and a reference into the log.
      expect(refusedIn(attacker)).toEqual(dialect === 'hocuspocus' ? [room.story.words] : []);
      expect(attacker.closes[0]?.reason).toMatch(/^[0-9a-f-]{36}$/u);
      expect(attacker.saved()).toEqual([]);
      expect(textOf(await room.join(room.mira))).toBe('Base.');
    });
  },
);

test('an update with a gap before it is asked for, and not parked', async () => {
  const attacker = await room.raw(room.jo);
  const doc = new Y.Doc();
  wordsOf(doc).insert(0, 'first ');
  const before = Y.encodeStateVector(doc);
  wordsOf(doc).insert(6, 'second ');
  const asked = attacker.steps().length;
  attacker.sync(STEP.update, Y.encodeStateAsUpdate(doc, before));
  await eventually(() => expect(attacker.steps().slice(asked)).toEqual([STEP.stateVector]));
  expect(attacker.saved()).toEqual([]);
  attacker.sync(STEP.reply, Y.encodeStateAsUpdate(doc));
  await eventually(() => expect(attacker.saved()).toEqual([true]));
});

test('an answer that has gaps itself is not asked for again at once, and leaves nothing behind', async () => {
  const attacker = await room.raw(room.jo);
  const doc = new Y.Doc();
  const edits: Uint8Array[] = [];
  doc.on('update', (update: Uint8Array) => edits.push(update));
  for (const word of ['first ', 'second ']) wordsOf(doc).insert(0, word);
  const [first = new Uint8Array(), second = new Uint8Array()] = edits;
  const asked = attacker.steps().length;
  attacker.sync(STEP.reply, second);
  attacker.sync(STEP.update, first);
  await eventually(() => expect(attacker.saved()).toEqual([true]));
  // Once more, in its place, at the most: the socket is looked at once a second.
  expect(attacker.steps().slice(asked).length).toBeLessThan(2);
  const words = textOf(await room.join(room.mira));
  expect([words.includes('first '), words.includes('second ')]).toEqual([true, false]);
});

test('a thousand updates with gaps do not make each other dearer', async () => {
  const attacker = await room.raw(room.jo);
  const asked = attacker.steps().length;
  const sendMany = async (many: number) => {
    const before = attacker.steps().length;
    const began = room.node.cpuMs();
    for (let n = 0; n < many; n += 1) {
      const doc = new Y.Doc();
      wordsOf(doc).insert(0, 'first ');
      const seen = Y.encodeStateVector(doc);
      wordsOf(doc).insert(6, 'second ');
      attacker.sync(STEP.update, Y.encodeStateAsUpdate(doc, seen));
    }
    await eventually(() => expect(attacker.steps()).toHaveLength(before + many));
    return room.node.cpuMs() - began;
  };
  const first = await sendMany(500);
  const second = await sendMany(500);
  expect(attacker.steps().slice(asked)).toEqual(
    Array.from({ length: 1_000 }, () => STEP.stateVector),
  );
  // Parked ones would cost three times as much: each is looked at for each that follows.
  expect(second).toBeLessThan(2 * first + CLOCK_TICKS_MS);
});

test('a document that is asked for again and again ends the connection', async () => {
  const attacker = await room.raw(room.jo);
  for (let n = 0; n < 20; n += 1) attacker.sync(STEP.stateVector, new Uint8Array([0]));
  await eventually(() => expect(attacker.closes).toMatchObject([{ code: CLOSE.malformed }]));
  expect(attacker.steps().filter((step) => step === STEP.reply).length).toBeLessThan(10);
});

test('a reader is told that it has nothing unsaved, whatever somebody else has left out', async () => {
  const [writer, reader] = [await room.raw(room.jo), await room.raw(null)];
  const doc = new Y.Doc();
  wordsOf(doc).insert(0, 'unsent');
  wordsOf(doc).delete(0, 6);
  const asked = writer.steps().length;
  // The deletion of what the server never had.
  writer.sync(STEP.update, Y.encodeStateAsUpdate(doc, Y.encodeStateVector(doc)));
  await eventually(() => expect(writer.steps().slice(asked)).toEqual([STEP.stateVector]));
  reader.sync(STEP.reply, new Uint8Array([0, 0]));
  await eventually(() => expect(reader.saved()).toEqual([true]));
  expect(writer.saved()).toEqual([]);
});

test('an update of somebody who may only read is not saved, and says so', async () => {
  const listener = await room.raw(null);
  listener.sync(
    STEP.update,
    updateOf((doc) => wordsOf(doc).insert(0, 'x')),
  );
  await eventually(() => expect(listener.saved()).toEqual([false]));
  // All that it has: what was written before, what nobody wrote, and what nobody deleted.
  const words = (await room.join(room.mira)).doc;
  const claim = new Y.Doc();
  Y.applyUpdate(claim, Y.encodeStateAsUpdate(words));
  listener.sync(STEP.reply, Y.encodeStateAsUpdate(claim));
  wordsOf(claim).delete(0, 2);
  listener.sync(STEP.reply, Y.encodeStateAsUpdate(claim));
  listener.sync(
    STEP.reply,
    updateOf((doc) => wordsOf(doc).insert(0, 'x')),
  );
  await eventually(() => expect(listener.saved()).toEqual([false, true, false, false]));
  const writer = await room.raw(room.jo, { name: room.story.tree });
  writer.sync(
    STEP.update,
    updateOf((doc) => doc.getMap('tree').clear()),
  );
  await eventually(() => expect(writer.saved()).toEqual([false]));
  expect(textOf(await room.join(room.mira))).toBe('Base.');
});

test('an answer of a reader is judged by what it writes, and is none if it does not decode', async () => {
  const listener = await room.raw(null);
  listener.sync(STEP.reply, skipped(77, 50));
  await eventually(() => expect(listener.saved()).toEqual([true]));
  listener.sync(STEP.reply, new Uint8Array([1, 200, 1]));
  await eventually(() => expect(listener.closes).toMatchObject([{ code: CLOSE.malformed }]));
});

test('more client ids than anybody has tabs are refused', async () => {
  const attacker = await room.raw(room.jo);
  for (let n = 0; n < 70; n += 1) {
    attacker.sync(
      STEP.update,
      updateOf((doc) => wordsOf(doc).insert(0, 'x')),
    );
  }
  await eventually(() => expect(attacker.closes).toMatchObject([{ code: CLOSE.tooMuch }]));
});

const caretOf = ({ provider }: TestClient, id: number) =>
  provider.awareness?.getStates().get(id)?.['caret'];

describe('presence', () => {
  const caret = { anchor: 1, head: 1 };

  test('of somebody else is neither set nor cleared nor kept from coming back', async () => {
    const victim = await room.join(room.mira);
    const { clientID } = victim.doc;
    victim.provider.setAwarenessField('caret', caret);
    const witness = await room.join(room.mira);
    await eventually(() => expect(caretOf(witness, clientID)).toEqual(caret));
    const attacker = await room.raw(room.jo);
    attacker.socket.send(presenceFrame(room.story.words, [[clientID, 9_000, { caret: null }]]));
    attacker.socket.send(presenceFrame(room.story.words, [[clientID, 9_001, null]]));
    attacker.socket.send(presenceFrame(room.story.words, [[77, 1, { caret }]]));
    await eventually(() => expect(caretOf(witness, 77)).toEqual(caret));
    expect(caretOf(witness, clientID)).toEqual(caret);
    victim.provider.configuration.websocketProvider.disconnect();
    await eventually(() => expect(caretOf(witness, clientID)).toBeUndefined());
    const squatter = await room.raw(room.jo);
    squatter.socket.send(presenceFrame(room.story.words, [[clientID, 2 ** 40, { caret: null }]]));
    squatter.socket.send(presenceFrame(room.story.words, [[78, 1, { caret }]]));
    await eventually(() => expect(caretOf(witness, 78)).toEqual(caret));
    void victim.provider.configuration.websocketProvider.connect();
    await eventually(() => expect(victim.provider.isSynced).toBe(true));
    victim.provider.setAwarenessField('caret', caret);
    await eventually(() => expect(caretOf(witness, clientID)).toEqual(caret));
  });

  test('of one socket is one entry, however many it sends', async () => {
    const witness = await room.join(room.mira);
    const attacker = await room.raw(room.jo);
    const crowd = Array.from({ length: 1_000 }, (_, n) => [1_000 + n, 1, {}] as const);
    attacker.socket.send(presenceFrame(room.story.words, crowd));
    attacker.socket.send(presenceFrame(room.story.words, [[9_999, 1, {}]]));
    const ofJo = () =>
      [...(witness.provider.awareness?.getStates().entries() ?? [])].filter(
        ([, state]) => state['user']?.id === room.jo.user.id,
      );
    await eventually(() => expect(ofJo().map(([id]) => id)).toEqual([1_000]));
  });

  test('that is larger than anybody’s is not shown, and a frame that is ends the connection', async () => {
    const witness = await room.join(room.mira);
    const [attacker, other] = [await room.raw(room.jo), await room.raw(room.jo)];
    const send = ({ socket }: RawSocket, id: number, padding: number) =>
      socket.send(
        presenceFrame(room.story.words, [[id, 1, { caret, padding: 'x'.repeat(padding) }]]),
      );
    send(attacker, 79, 2_000);
    attacker.socket.ping();
    await once(attacker.socket, 'pong');
    send(other, 80, 1_000);
    await eventually(() => expect(caretOf(witness, 80)).toEqual(caret));
    expect(caretOf(witness, 79)).toBeUndefined();
    send(attacker, 79, 70 * 1024);
    await eventually(() => expect(attacker.closes).toMatchObject([{ code: CLOSE.malformed }]));
  });

  test('that is sent faster than anybody moves a caret ends the connection', async () => {
    const attacker = await room.raw(room.jo);
    for (let n = 0; n < 1_000; n += 1) {
      attacker.socket.send(
        presenceFrame(room.story.words, [[5, n, { caret: { anchor: n, head: n } }]]),
      );
    }
    await eventually(() => expect(attacker.closes).toMatchObject([{ code: CLOSE.tooMuch }]));
  });
});
