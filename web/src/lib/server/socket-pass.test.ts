// The way through to the collab-server, on real sockets.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { createLogger } from '#backend/log.ts';
import { passSockets, type SocketPass } from '../../../socket-pass.ts';

const log = createLogger('test', 'silent');
const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => new Promise((resolve) => server.close(resolve)));
  const address = server.address() as AddressInfo;
  return address.port;
}

async function webInFrontOf(
  collabPort: number,
  proxies = '',
): Promise<{ port: number; pass: SocketPass }> {
  const pass = passSockets(new URL(`http://127.0.0.1:${collabPort}`), { log, proxies });
  const server = createServer();
  server.on('upgrade', pass.upgrade);
  const port = await listen(server);
  stops.push(() => pass.close());
  return { port, pass };
}

function closed(socket: WebSocket): Promise<string> {
  return new Promise((resolve) => {
    socket.on('unexpected-response', (_, answer) => resolve(String(answer.statusCode)));
    socket.on('close', () => resolve('closed'));
    socket.on('error', () => undefined);
  });
}

test('a socket goes through with its path, its cookie and its bytes, and ends with the process', async () => {
  const collab = createServer();
  const sockets = new WebSocketServer({ server: collab });
  let seen: unknown;
  sockets.on('connection', (socket, request) => {
    seen = {
      url: request.url,
      cookie: request.headers.cookie,
      host: request.headers['x-tap-host'],
    };
    socket.on('message', (data) => socket.send(data));
  });
  const { port, pass } = await webInFrontOf(await listen(collab));
  const socket = new WebSocket(`ws://127.0.0.1:${port}/yjs/story:1?a=b`, {
    headers: { cookie: 'session=x', 'x-tap-host': 'evil.example' },
  });
  const end = closed(socket);
  await new Promise((resolve) => socket.on('open', resolve));
  const echoed = new Promise((resolve) => socket.once('message', resolve));
  socket.send('hello');
  expect(await echoed).toEqual(Buffer.from('hello'));
  expect(seen).toEqual({ url: '/yjs/story:1?a=b', cookie: 'session=x', host: undefined });
  pass.close();
  expect(await end).toBe('closed');
});

test('a refusal of the collab-server reaches the browser as it is', async () => {
  const collab = createServer();
  collab.on('upgrade', (_, socket) =>
    socket.end('HTTP/1.1 429 Too Many Requests\r\nretry-after: 10\r\ncontent-length: 0\r\n\r\n'),
  );
  const { port } = await webInFrontOf(await listen(collab));
  const socket = new WebSocket(`ws://127.0.0.1:${port}/collab`);
  const waits = new Promise((resolve) => {
    socket.on('unexpected-response', (_, { headers }) => resolve(headers['retry-after']));
  });
  expect(await closed(socket)).toBe('429');
  expect(await waits).toBe('10');
});

test('the peer is passed on: what somebody says of themselves is not, what a proxy of ours says is', async () => {
  const seen: unknown[] = [];
  const collab = createServer();
  collab.on('upgrade', ({ headers }, socket) => {
    seen.push(headers['x-forwarded-for']);
    socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n');
  });
  const collabPort = await listen(collab);
  const headers = { 'x-forwarded-for': '192.0.2.66, 198.51.100.1' };
  for (const proxies of ['', '127.0.0.0/8']) {
    const { port } = await webInFrontOf(collabPort, proxies);
    await closed(new WebSocket(`ws://127.0.0.1:${port}/collab`, { headers }));
  }
  expect(seen).toEqual(['127.0.0.1', '198.51.100.1']);
});

test('without a collab-server the answer is 502, and elsewhere 404', async () => {
  const { port } = await webInFrontOf(9);
  expect(await closed(new WebSocket(`ws://127.0.0.1:${port}/collab`))).toBe('502');
  expect(await closed(new WebSocket(`ws://127.0.0.1:${port}/collaborate`))).toBe('404');
});
