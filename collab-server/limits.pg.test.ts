// What one peer, one account and one socket may use, from raw frames; each ends with somebody
// else's edit saved.
import { beforeAll, beforeEach, expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import { CLOSE, waitSecondsIn } from '#domain/protocol/room.ts';
import { freshDatabase } from '../tests/harness/database.ts';
import { authenticationFrame, readFrame, FRAME, STEP } from './frames.ts';
import type { Limits } from './limits.ts';
import { eventually, useHouse } from './testing/house.ts';
import { knock, limitedNode, perAccount, perAddress } from './testing/limited-node.ts';
import type { RawSocket } from './testing/raw.ts';
import { person, type TestServer, type TestStory } from './testing/world.ts';

// Each has a server of its own, which is slow to start on a busy machine.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

const house = useHouse(freshDatabase);
let story: TestStory;

beforeAll(() => {
  // Hocuspocus prints each connection that a hook ends, with its stack.
  vi.spyOn(console, 'error').mockReturnValue();
  vi.spyOn(console, 'warn').mockReturnValue();
});
beforeEach(async () => {
  story = await house.plant('Base.');
});

const limited = (limits: Partial<Limits>) => limitedNode(house, story, limits);
const enter = ({ url }: TestServer, who = house.jo) => house.joinRaw(story.words, who, { url });

async function closeOf({ closes }: RawSocket): Promise<number | undefined> {
  await eventually(() => expect(closes).toHaveLength(1));
  return closes[0]?.code;
}

function waitsOf({ closes }: RawSocket): number | null {
  return waitSecondsIn(closes[0]?.reason ?? '');
}

test('a peer opens so many sockets, is refused before the next, and others are not', async () => {
  const server = await limited(perAddress({ sockets: 2 }));
  const answers = (from: string) => knock(house, server, null, from);
  const first = await answers('198.51.100.1');
  expect([first.answer, (await answers('198.51.100.1')).answer]).toEqual(['open', 'open']);
  expect((await answers('198.51.100.1')).answer).toBe('429 after 10');
  // Whatever a peer writes into the header itself comes before what our proxy adds.
  expect((await answers('192.0.2.1, 198.51.100.1')).answer).toBe('429 after 10');
  expect((await answers('198.51.100.2')).answer).toBe('open');
  first.socket.terminate();
  await eventually(async () => expect((await answers('198.51.100.1')).answer).toBe('open'));
});

test('an account opens so many sockets, from wherever, and others open theirs', async () => {
  const server = await limited(perAccount({ sockets: 1 }));
  expect((await knock(house, server, house.jo, '198.51.100.1')).answer).toBe('open');
  expect((await knock(house, server, house.jo, '198.51.100.2')).answer).toBe('429 after 10');
  expect((await knock(house, server, null, '198.51.100.1')).answer).toBe('open');
});

test('messages, then bytes, beyond what an account may send end its socket with a time to wait', async () => {
  const server = await limited(
    perAccount({
      messages: { atOnce: 20, perSecond: 0 },
      bytes: { atOnce: 100_000, perSecond: 0 },
    }),
  );
  const many = await enter(server);
  for (let n = 0; n < 30; n += 1) many.socket.send(authenticationFrame(story.words));
  expect([await closeOf(many), waitsOf(many)]).toEqual([CLOSE.tooMuch, 10]);
  const [lou, kim] = await Promise.all([person(house.fresh, 'Lou'), person(house.fresh, 'Kim')]);
  const large = await enter(server, lou);
  large.socket.send(new Uint8Array(200_000));
  expect([await closeOf(large), waitsOf(large)]).toEqual([CLOSE.tooMuch, 10]);
  // Whoever sends little is not in it.
  expect((await enter(server, kim)).closes).toEqual([]);
});

test('whoever asks about trees beyond what an account may is ended with a time to wait', async () => {
  const { url } = await limited(perAccount({ questions: { atOnce: 5, perSecond: 0 } }));
  const sockets = await Promise.all(
    [1, 2, 3].map(() => house.joinRaw(story.tree, house.jo, { url })),
  );
  // Whoever has nothing, and whoever wrote nothing, asks as often as ever.
  for (const each of sockets) each.sync(STEP.reply, new Uint8Array([0, 0]));
  await eventually(() =>
    expect(sockets.map((each) => each.saved())).toEqual([[true], [true], [true]]),
  );
  const doc = new Y.Doc();
  doc.getMap('takes').set('a', 1);
  for (const each of sockets) {
    each.sync(STEP.reply, Y.encodeStateAsUpdate(doc));
    each.sync(STEP.stateVector, Y.encodeStateVector(doc));
  }
  await eventually(() => expect(sockets.flatMap(({ closes }) => closes)).toHaveLength(1));
  const [close] = sockets.flatMap(({ closes }) => closes);
  expect(close?.code).toBe(CLOSE.tooMuch);
  expect(waitSecondsIn(close?.reason ?? '')).toBeGreaterThan(0);
});

test('a socket asks for so many documents, under whatever name', async () => {
  const server = await limited({ documentsPerSocket: 5 });
  const raw = await enter(server);
  const ask = () => raw.socket.send(authenticationFrame(`${story.tree}\0${crypto.randomUUID()}`));
  for (let n = 0; n < 4; n += 1) ask();
  const granted = () => raw.heard.map(readFrame).filter(({ type }) => type === FRAME.auth).length;
  await eventually(() => expect(granted()).toBe(5));
  expect(raw.closes).toEqual([]);
  ask();
  expect([await closeOf(raw), waitsOf(raw)]).toEqual([CLOSE.tooMuch, 10]);
});

test('a socket is refused so many documents, and then goes', async () => {
  const server = await limited({ refusals: { atOnce: 3, perSecond: 0 } });
  const raw = await enter(server);
  const denied = () =>
    raw.heard.map(readFrame).filter(({ type }) => type === FRAME.auth).length - 1;
  for (let n = 0; n < 3; n += 1) {
    raw.socket.send(authenticationFrame(`story:${crypto.randomUUID()}`));
    await eventually(() => expect(denied()).toBe(n + 1));
  }
  raw.socket.send(authenticationFrame(`story:${crypto.randomUUID()}`));
  expect(await closeOf(raw)).toBe(CLOSE.tooMuch);
});
