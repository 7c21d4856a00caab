// What one peer, one account and one socket may use, from raw frames; each ends with somebody
// else's edit saved.
import { once } from 'node:events';
import { createServer, connect as connectTcp, type Server, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import { CLOSE, SOCKET_PATH, waitSecondsIn } from '#domain/protocol/room.ts';
import { wordsOf } from '#domain/story/document.ts';
import { freshDatabase, type FreshDatabase } from '../tests/harness/database.ts';
import { authenticationFrame, readFrame, FRAME, STEP } from './frames.ts';
import { defaultLimits, type Limits } from './limits.ts';
import { enterRaw, presenceFrame, type RawSocket } from './testing/raw.ts';
import {
  connect,
  headersOf,
  person,
  plant,
  serve,
  type TestPerson,
  type TestServer,
  type TestStory,
} from './testing/world.ts';

// Each has a server of its own, which is slow to start on a busy machine.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

let fresh: FreshDatabase;
let mira: TestPerson;
let jo: TestPerson;
let story: TestStory;
const leaving: (() => unknown)[] = [];

beforeAll(async () => {
  // Hocuspocus prints each connection that a hook ends, with its stack.
  vi.spyOn(console, 'error').mockReturnValue();
  vi.spyOn(console, 'warn').mockReturnValue();
  fresh = await freshDatabase();
  [mira, jo] = await Promise.all([person(fresh, 'Mira'), person(fresh, 'Jo')]);
});
beforeEach(async () => {
  story = await plant(fresh, mira.user.id, 'Base.');
});
afterEach(async () => {
  for (const leave of leaving.splice(0).toReversed()) await leave();
});
afterAll(() => fresh.close());

const eventually = (check: () => void, timeout = 60_000) =>
  vi.waitFor(check, { timeout, interval: 20 });

/** A server with some limits; when the test ends, somebody elsewhere can still write. */
async function limited(limits: Partial<Limits>): Promise<TestServer> {
  const server = await serve(fresh, { limits, proxies: '127.0.0.1' });
  leaving.push(async () => {
    const bystander = connect(server.url, story.words, mira);
    await eventually(() => expect(bystander.provider.isSynced).toBe(true));
    wordsOf(bystander.doc).insert(0, 'x');
    await eventually(() => expect(bystander.provider.hasUnsyncedChanges).toBe(false));
    bystander.destroy();
    await server.stopAll();
  });
  return server;
}

const perAddress = (limits: Partial<Limits['perAddress']>) => ({
  perAddress: { ...defaultLimits.perAddress, ...limits },
});
const perAccount = (limits: Partial<Limits['perAccount']>) => ({
  perAccount: { ...defaultLimits.perAccount, ...limits },
});

/** Opens a socket, from an address of its own; what became of it. */
async function knock(
  server: TestServer,
  who: TestPerson | null,
  from = '198.51.100.1',
): Promise<{ readonly socket: WebSocket; readonly answer: string }> {
  const headers = { ...headersOf(who), 'x-forwarded-for': from };
  const socket = new WebSocket(`${server.url}${SOCKET_PATH}`, { headers });
  leaving.push(() => socket.terminate());
  socket.on('error', () => undefined);
  const answer = await Promise.race([
    once(socket, 'open').then(() => 'open'),
    once(socket, 'unexpected-response').then(([, response]: unknown[]) => refusalOf(response)),
  ]);
  return { socket, answer };
}

function refusalOf(response: unknown): string {
  const { statusCode, headers } = response as {
    statusCode: number;
    headers: Record<string, string>;
  };
  return `${statusCode} after ${headers['retry-after']}`;
}

async function enter(server: TestServer, who = jo): Promise<RawSocket> {
  const raw = await enterRaw(server.url, story.words, who);
  leaving.push(() => raw.socket.terminate());
  return raw;
}

async function closeOf({ closes }: RawSocket): Promise<number | undefined> {
  await eventually(() => expect(closes).toHaveLength(1));
  return closes[0]?.code;
}

function waitsOf({ closes }: RawSocket): number | null {
  return waitSecondsIn(closes[0]?.reason ?? '');
}

test('a peer opens so many sockets, is refused before the next, and others are not', async () => {
  const server = await limited(perAddress({ sockets: 2 }));
  const answers = async (from: string) => {
    const { socket, answer } = await knock(server, null, from);
    return { socket, answer };
  };
  const first = await answers('198.51.100.1');
  expect([first.answer, (await answers('198.51.100.1')).answer]).toEqual(['open', 'open']);
  expect((await answers('198.51.100.1')).answer).toBe('429 after 10');
  // Whatever a peer writes into the header itself comes before what our proxy adds.
  expect((await answers('192.0.2.1, 198.51.100.1')).answer).toBe('429 after 10');
  expect((await answers('198.51.100.2')).answer).toBe('open');
  first.socket.terminate();
  await vi.waitFor(async () => expect((await answers('198.51.100.1')).answer).toBe('open'), {
    timeout: 60_000,
  });
});

test('an account opens so many sockets, from wherever, and others open theirs', async () => {
  const server = await limited(perAccount({ sockets: 1 }));
  expect((await knock(server, jo, '198.51.100.1')).answer).toBe('open');
  expect((await knock(server, jo, '198.51.100.2')).answer).toBe('429 after 10');
  expect((await knock(server, null, '198.51.100.1')).answer).toBe('open');
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
  const [lou, kim] = await Promise.all([person(fresh, 'Lou'), person(fresh, 'Kim')]);
  const large = await enter(server, lou);
  large.socket.send(new Uint8Array(200_000));
  expect([await closeOf(large), waitsOf(large)]).toEqual([CLOSE.tooMuch, 10]);
  // Whoever sends little is not in it.
  expect((await enter(server, kim)).closes).toEqual([]);
});

test('whoever asks about trees beyond what an account may is ended with a time to wait', async () => {
  const perAccount = { ...defaultLimits.perAccount, questions: { atOnce: 5, perSecond: 0 } };
  const server = await limited({ perAccount });
  const sockets = await Promise.all([1, 2, 3].map(() => enterRaw(server.url, story.tree, jo)));
  leaving.push(
    ...sockets.map(
      ({ socket }) =>
        () =>
          socket.terminate(),
    ),
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

test('a socket that opens no document is closed, and one that does stays', async () => {
  const server = await limited({ emptyMs: 500 });
  const raw = await enter(server);
  const { socket } = await knock(server, null);
  // Not even by talking.
  const talk = setInterval(() => socket.send(authenticationFrame('story:nowhere')), 100);
  leaving.push(() => clearInterval(talk));
  const [code] = (await once(socket, 'close')) as [number];
  expect([code, raw.closes]).toEqual([CLOSE.idle, []]);
});

/** A way to the server that can fall silent: no bytes, and no end either. */
async function silentWay(server: TestServer): Promise<{ url: string; silence(): void }> {
  const pairs: [Socket, Socket][] = [];
  const way: Server = createServer((near) => {
    const far = connectTcp(server.port, '127.0.0.1');
    pairs.push([near, far]);
    near.pipe(far);
    far.pipe(near);
    for (const end of [near, far]) end.on('error', () => undefined);
  });
  way.listen(0, '127.0.0.1');
  await once(way, 'listening');
  leaving.push(() => {
    for (const pair of pairs) for (const end of pair) end.destroy();
    way.close();
  });
  const address = way.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `ws://127.0.0.1:${address.port}`,
    silence: () => {
      for (const [near, far] of pairs) {
        near.unpipe(far);
        far.unpipe(near);
        far.pause();
      }
    },
  };
}

test('a client that falls silent without an end is found, and out of the room', async () => {
  const server = await limited({ deadMs: 2_000 });
  const way = await silentWay(server);
  const watching = connect(server.url, story.words, mira);
  leaving.push(() => watching.destroy());
  const gone = connect(way.url, story.words, jo);
  leaving.push(() => gone.destroy());
  gone.provider.setAwarenessField('user', jo.user);
  const isThere = () =>
    JSON.stringify([...(watching.provider.awareness?.getStates().values() ?? [])]).includes(
      jo.user.id,
    );
  await eventually(() => expect(isThere()).toBe(true));
  way.silence();
  await eventually(() => expect(isThere()).toBe(false));
});

test('so is one that has never said anything', async () => {
  const server = await limited({ deadMs: 2_000, emptyMs: 3_600_000 });
  const tcp = connectTcp(server.port, '127.0.0.1');
  leaving.push(() => tcp.destroy());
  tcp.on('error', () => undefined);
  tcp.write(
    `GET ${SOCKET_PATH} HTTP/1.1\r\nhost: x\r\norigin: ${headersOf(null)['origin']}\r\n` +
      'connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n' +
      'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  const [head] = (await once(tcp, 'data')) as [Buffer];
  expect(head.toString()).toMatch(/^HTTP\/1\.1 101/u);
  await eventually(() => expect(tcp.closed || tcp.readableEnded).toBe(true));
});

test('a reader that does not read is cut off, and comes back to all of it', async () => {
  const lifted = { atOnce: 1e9, perSecond: 1e9 };
  const server = await limited({
    ...perAddress({ messages: lifted, bytes: lifted }),
    ...perAccount({ messages: lifted, bytes: lifted }),
    backlog: { most: 1024 * 1024, long: 64 * 1024, longMs: 3_600_000 },
    deadMs: 3_600_000,
  });
  const slow = await enter(server);
  slow.socket.send(presenceFrame(story.words, [[7, 1, { user: jo.user }]]));
  const writer = connect(server.url, story.words, mira);
  leaving.push(() => writer.destroy());
  const isThere = () => writer.provider.awareness?.getStates().has(7) === true;
  await eventually(() => expect(isThere()).toBe(true));
  slow.socket.pause();
  const words = wordsOf(writer.doc);
  // The kernel takes some megabytes for a reader before anything waits with us.
  const noise = setInterval(() => {
    for (let n = 0; n < 50; n += 1) {
      writer.doc.transact(() => {
        words.delete(0, words.length);
        words.insert(0, 'noise '.repeat(800));
      });
    }
  }, 50);
  leaving.push(() => clearInterval(noise));
  await eventually(() => expect(isThere()).toBe(false), 120_000);
  clearInterval(noise);
  await eventually(() => expect(writer.provider.hasUnsyncedChanges).toBe(false));
  const back = connect(server.url, story.words, jo);
  leaving.push(() => back.destroy());
  await eventually(() => expect(wordsOf(back.doc).toJSON()).toBe(words.toJSON()));
});
