// Sockets that are of no use: of whoever opens no document, is gone without a word, or does not read.
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { CLOSE, SOCKET_PATH } from '#domain/protocol/room.ts';
import { wordsOf } from '#domain/story/document.ts';
import { freshDatabase } from '../tests/harness/database.ts';
import { startTcpProxy } from '../tests/harness/tcp-proxy.ts';
import { authenticationFrame } from './frames.ts';
import type { Limits } from './limits.ts';
import { eventually, saved, synced, textOf, useHouse } from './testing/house.ts';
import { knock, limitedNode, perAccount, perAddress } from './testing/limited-node.ts';
import { presenceFrame } from './testing/raw.ts';
import { headersOf, type TestClient, type TestStory } from './testing/world.ts';

// Each has a server of its own, which is slow to start on a busy machine.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

const UNLIMITED = { atOnce: 1e9, perSecond: 1e9 };

const house = useHouse(freshDatabase);
let story: TestStory;

beforeAll(() => {
  // Hocuspocus prints each document that somebody is refused.
  vi.spyOn(console, 'error').mockReturnValue();
});
beforeEach(async () => {
  story = await house.plant('Base.');
});

const limited = (limits: Partial<Limits>) => limitedNode(house, story, limits);

/** Does something again and again, until the test is over or the returned function is called. */
function goOn(everyMs: number, act: () => void): () => void {
  const timer = setInterval(act, everyMs);
  const stop = () => clearInterval(timer);
  house.onLeave(stop);
  return stop;
}

const isSeen = ({ provider }: TestClient, userId: string) =>
  [...(provider.awareness?.getStates().values() ?? [])].some(
    (state) => state['user']?.id === userId,
  );

test('a socket that opens no document is closed, and one that does stays', async () => {
  const server = await limited({ emptyMs: 5_000, refusals: UNLIMITED });
  const raw = await house.joinRaw(story.words, house.jo, { url: server.url });
  const { socket } = await knock(house, server, null);
  // Not even by talking.
  goOn(100, () => socket.send(authenticationFrame('story:nowhere')));
  const [code] = (await once(socket, 'close')) as [number];
  expect([code, raw.closes]).toEqual([CLOSE.idle, []]);
});

test('a client that falls silent without an end is found, and out of the room', async () => {
  const server = await limited({ deadMs: 2_000 });
  const line = await startTcpProxy(server.url);
  house.onLeave(() => line.close());
  const watching = house.join(story.words, house.mira, { url: server.url });
  const gone = house.join(story.words, house.jo, {
    url: line.through(server.url).replace(/\/$/u, ''),
  });
  gone.provider.setAwarenessField('user', house.jo.user);
  await eventually(() => expect(isSeen(watching, house.jo.user.id)).toBe(true));
  line.strand();
  await eventually(() => {
    expect(watching.provider.isSynced).toBe(true);
    expect(isSeen(watching, house.jo.user.id)).toBe(false);
  });
});

test('so is one that has never said anything', async () => {
  const server = await limited({ deadMs: 2_000, emptyMs: 3_600_000 });
  const tcp = connectTcp(server.port, '127.0.0.1');
  house.onLeave(() => tcp.destroy());
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
  const { url } = await limited({
    ...perAddress({ messages: UNLIMITED, bytes: UNLIMITED }),
    ...perAccount({ messages: UNLIMITED, bytes: UNLIMITED }),
    backlog: { most: 1024 * 1024, long: 64 * 1024, longMs: 3_600_000 },
    deadMs: 3_600_000,
  });
  const slow = await house.joinRaw(story.words, house.jo, { url });
  slow.socket.send(presenceFrame(story.words, [[7, 1, { user: house.jo.user }]]));
  const writer = house.join(story.words, house.mira, { url });
  await synced(writer);
  await eventually(() => expect(isSeen(writer, house.jo.user.id)).toBe(true));
  slow.socket.pause();
  const words = wordsOf(writer.doc);
  // The kernel takes some megabytes for a reader before anything waits with us.
  const rest = goOn(50, () => {
    for (let n = 0; n < 50; n += 1) {
      writer.doc.transact(() => {
        words.delete(0, words.length);
        words.insert(0, 'noise '.repeat(800));
      });
    }
  });
  await vi.waitFor(() => expect(isSeen(writer, house.jo.user.id)).toBe(false), 120_000);
  rest();
  await saved(writer);
  const back = house.join(story.words, house.jo, { url });
  await eventually(() => expect(textOf(back)).toBe(textOf(writer)));
});
