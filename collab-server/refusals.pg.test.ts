// A test for each refusal of the guard, from raw frames. Each ends with somebody else's edit saved
// within two seconds, by the same process: the server runs in the test's own.
import * as encoding from 'lib0/encoding';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import { MAX_WORDS_LENGTH } from '#domain/protocol/commands.ts';
import { CLOSE } from '#domain/protocol/room.ts';
import { wordsOf } from '#domain/story/document.ts';
import { freshDatabase, type FreshDatabase } from '../tests/harness/database.ts';
import { STEP } from './frames.ts';
import { enterRaw, presenceFrame, type RawSocket } from './testing/raw.ts';
import {
  connect,
  connectPlain,
  person,
  plant,
  serve,
  type TestClient,
  type TestPerson,
  type TestServer,
  type TestStory,
} from './testing/world.ts';

let fresh: FreshDatabase;
let server: TestServer;
let other: TestServer;
let mira: TestPerson;
let jo: TestPerson;
let story: TestStory;
const leaving: (() => void)[] = [];

beforeAll(async () => {
  // Hocuspocus prints each connection that a hook ends, with its stack.
  vi.spyOn(console, 'error').mockReturnValue();
  fresh = await freshDatabase();
  [server, other] = await Promise.all([serve(fresh), serve(fresh)]);
  [mira, jo] = await Promise.all([person(fresh, 'Mira'), person(fresh, 'Jo')]);
});

beforeEach(async () => {
  story = await plant(fresh, mira.user.id, 'Base.');
});

afterEach(async () => {
  await bystanderSaves();
  for (const leave of leaving.splice(0)) leave();
});

afterAll(async () => {
  await Promise.all([server.stopAll(), other.stopAll()]);
  await fresh.close();
});

const eventually = (check: () => void, timeout = 10_000) =>
  vi.waitFor(check, { timeout, interval: 10 });
const textOf = ({ doc }: { readonly doc: Y.Doc }) => wordsOf(doc).toJSON();

async function join(who: TestPerson, at = server, doc = new Y.Doc()): Promise<TestClient> {
  const client = connect(at.url, story.words, who, doc);
  leaving.push(() => client.destroy());
  await eventually(() => expect(client.provider.isSynced).toBe(true));
  return client;
}

async function raw(
  who: TestPerson | null,
  name = story.words,
  at = server,
  dialect: 'hocuspocus' | 'y-websocket' = 'hocuspocus',
): Promise<RawSocket> {
  const client = await enterRaw(at.url, name, who, dialect);
  leaving.push(() => client.socket.terminate());
  return client;
}

const isSaved = ({ provider }: TestClient) => provider.isSynced && !provider.hasUnsyncedChanges;

/** Somebody else writes in the same words, and it is saved within two seconds. */
async function bystanderSaves(): Promise<void> {
  const bystander = await join(mira);
  wordsOf(bystander.doc).insert(0, 'still here ');
  await eventually(() => expect(isSaved(bystander)).toBe(true), 2_000);
  const reader = await join(jo);
  expect(textOf(reader)).toContain('still here ');
}

/** An update with one struct that overwrites nothing, but takes a client's clocks. */
function garbage(client: number, clock: number, length: number): Uint8Array {
  const encoder = encoding.createEncoder();
  for (const n of [1, 1, client, clock]) encoding.writeVarUint(encoder, n);
  encoding.writeUint8(encoder, 0);
  for (const n of [length, 0]) encoding.writeVarUint(encoder, n);
  return encoding.toUint8Array(encoder);
}

/** What somebody writes into a document of their own. */
function updateOf(write: (doc: Y.Doc) => void, doc = new Y.Doc()): Uint8Array {
  write(doc);
  return Y.encodeStateAsUpdate(doc);
}

const EDITS = ['one ', 'two ', 'three ', 'four ', 'five '];

/** Mira writes, loses the line, and goes on writing. */
async function offlineVictim(): Promise<TestClient> {
  const victim = await join(mira);
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
  const reader = await join(jo);
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
      const attacker = await raw(jo, story.words, server, dialect);
      attacker.sync(STEP.update, garbage(victim.doc.clientID, 5, 500));
      await eventually(() => expect(attacker.closes).toMatchObject([{ code: CLOSE.notYours }]));
      await allSurvives(victim);
    },
  );

  test('cannot be written under in an answer either', async () => {
    const victim = await offlineVictim();
    const attacker = await raw(jo);
    attacker.sync(STEP.reply, garbage(victim.doc.clientID, 5, 500));
    await eventually(() => expect(attacker.saved()).toHaveLength(1));
    await allSurvives(victim);
  });

  test('cannot be deleted in advance by somebody who leaves before the answer', async () => {
    const victim = await offlineVictim();
    const attacker = await raw(jo);
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
    const attacker = await raw(jo, story.words, other);
    attacker.sync(STEP.update, garbage(victim.doc.clientID, 5, 500));
    await eventually(() => expect(attacker.closes).toMatchObject([{ code: CLOSE.notYours }]));
    await allSurvives(victim);
  });

  test('cannot be written under after the server was restarted', async () => {
    const victim = await offlineVictim();
    const restarted = await serve(fresh);
    leaving.push(() => void restarted.stopAll());
    const attacker = await raw(jo, story.words, restarted);
    attacker.sync(STEP.update, garbage(victim.doc.clientID, 5, 500));
    await eventually(() => expect(attacker.closes).toMatchObject([{ code: CLOSE.notYours }]));
    await allSurvives(victim);
  });
});

test('the client id of somebody who is only present cannot be written under', async () => {
  const victim = await join(mira);
  victim.provider.setAwarenessField('caret', null);
  const attacker = await raw(jo);
  await eventually(() => expect(attacker.heard.length).toBeGreaterThan(2));
  const stolen = new Y.Doc();
  stolen.clientID = victim.doc.clientID;
  const update = updateOf((doc) => wordsOf(doc).insert(0, 'stolen'), stolen);
  attacker.sync(STEP.update, update);
  await eventually(() => expect(attacker.closes).toMatchObject([{ code: CLOSE.notYours }]));
  wordsOf(victim.doc).insert(0, 'mine ');
  await eventually(() => expect(isSaved(victim)).toBe(true));
  expect(textOf(await join(jo))).toBe('mine Base.');
});

test('the server’s own client id cannot be written under', async () => {
  const attacker = await raw(jo);
  attacker.sync(STEP.update, garbage(1, 5, 10));
  await eventually(() => expect(attacker.closes).toMatchObject([{ code: CLOSE.notYours }]));
  expect(textOf(await join(mira))).toBe('Base.');
});

test('an honest answer that carries edits of others is taken without them', async () => {
  const writer = await join(mira);
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
  const honest = await join(jo, server, doc);
  await eventually(() => expect(isSaved(honest)).toBe(true));
  await eventually(() => expect(textOf(writer)).toBe('Jo. Base. Mira.'));
  expect(honest.closes).toEqual([]);
});

test('one person’s second tab, and a tab that comes back, write on', async () => {
  const one = await join(mira);
  const two = await join(mira, other);
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
  const three = await join(mira, server, kept);
  wordsOf(three.doc).insert(0, 'three ');
  await eventually(() => expect(isSaved(three)).toBe(true));
  const words = textOf(await join(jo)).split(' ');
  expect(words.toSorted()).toEqual(['again', 'kept', 'one', 'three', 'two', 'Base.'].toSorted());
});

test('a y-websocket client writes under the same guard', async () => {
  const plain = connectPlain(server.url, story.words, jo);
  leaving.push(plain.destroy);
  await eventually(() => expect(plain.provider.synced).toBe(true));
  wordsOf(plain.doc).insert(0, 'plain ');
  const reader = await join(mira);
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
      const attacker = await raw(jo, story.words, server, dialect);
      attacker.sync(STEP.update, update);
      await eventually(() => expect(attacker.closes).toMatchObject([{ code }]));
      // A reference into the log.
      expect(attacker.closes[0]?.reason).toMatch(/^[0-9a-f-]{36}$/u);
      expect(attacker.saved()).toEqual([]);
      expect(textOf(await join(mira))).toBe('Base.');
    });
  },
);

test('an update with a gap before it is asked for, and not parked', async () => {
  const attacker = await raw(jo);
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

test('a reader is told that it has nothing unsaved, whatever somebody else has left out', async () => {
  const [writer, reader] = [await raw(jo), await raw(null)];
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
  const listener = await raw(null);
  listener.sync(
    STEP.update,
    updateOf((doc) => wordsOf(doc).insert(0, 'x')),
  );
  await eventually(() => expect(listener.saved()).toEqual([false]));
  const writer = await raw(jo, story.tree);
  writer.sync(
    STEP.update,
    updateOf((doc) => doc.getMap('takes').clear()),
  );
  await eventually(() => expect(writer.saved()).toEqual([false]));
  expect(textOf(await join(mira))).toBe('Base.');
});

test('more client ids than anybody has tabs are refused', async () => {
  const attacker = await raw(jo);
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
    const victim = await join(mira);
    const { clientID } = victim.doc;
    victim.provider.setAwarenessField('caret', caret);
    const witness = await join(mira);
    await eventually(() => expect(caretOf(witness, clientID)).toEqual(caret));
    const attacker = await raw(jo);
    attacker.socket.send(presenceFrame(story.words, [[clientID, 9_000, { caret: null }]]));
    attacker.socket.send(presenceFrame(story.words, [[clientID, 9_001, null]]));
    attacker.socket.send(presenceFrame(story.words, [[77, 1, { caret }]]));
    await eventually(() => expect(caretOf(witness, 77)).toEqual(caret));
    expect(caretOf(witness, clientID)).toEqual(caret);
    victim.provider.configuration.websocketProvider.disconnect();
    await eventually(() => expect(caretOf(witness, clientID)).toBeUndefined());
    const squatter = await raw(jo);
    squatter.socket.send(presenceFrame(story.words, [[clientID, 2 ** 40, { caret: null }]]));
    squatter.socket.send(presenceFrame(story.words, [[78, 1, { caret }]]));
    await eventually(() => expect(caretOf(witness, 78)).toEqual(caret));
    void victim.provider.configuration.websocketProvider.connect();
    await eventually(() => expect(victim.provider.isSynced).toBe(true));
    victim.provider.setAwarenessField('caret', caret);
    await eventually(() => expect(caretOf(witness, clientID)).toEqual(caret));
  });

  test('of one socket is one entry, however many it sends', async () => {
    const witness = await join(mira);
    const attacker = await raw(jo);
    const crowd = Array.from({ length: 1_000 }, (_, n) => [1_000 + n, 1, {}] as const);
    attacker.socket.send(presenceFrame(story.words, crowd));
    attacker.socket.send(presenceFrame(story.words, [[9_999, 1, {}]]));
    const ofJo = () =>
      [...(witness.provider.awareness?.getStates().entries() ?? [])].filter(
        ([, state]) => state['user']?.id === jo.user.id,
      );
    await eventually(() => expect(ofJo().map(([id]) => id)).toEqual([1_000]));
  });

  test('that is sent faster than anybody moves a caret ends the connection', async () => {
    const attacker = await raw(jo);
    for (let n = 0; n < 200; n += 1) {
      attacker.socket.send(presenceFrame(story.words, [[5, n, { caret: { anchor: n, head: n } }]]));
    }
    await eventually(() => expect(attacker.closes).toMatchObject([{ code: CLOSE.tooMuch }]));
  });
});
