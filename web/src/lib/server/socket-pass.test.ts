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

async function webInFrontOf(collabPort: number): Promise<{ port: number; pass: SocketPass }> {
  const pass = passSockets(new URL(`http://127.0.0.1:${collabPort}`), log);
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
    socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n'),
  );
  const { port } = await webInFrontOf(await listen(collab));
  expect(await closed(new WebSocket(`ws://127.0.0.1:${port}/collab`))).toBe('403');
});

test('without a collab-server the answer is 502, and elsewhere 404', async () => {
  const { port } = await webInFrontOf(9);
  expect(await closed(new WebSocket(`ws://127.0.0.1:${port}/collab`))).toBe('502');
  expect(await closed(new WebSocket(`ws://127.0.0.1:${port}/collaborate`))).toBe('404');
});
