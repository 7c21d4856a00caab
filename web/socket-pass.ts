// Lets sockets through to the collab-server, so that people need one origin and one cookie only.
import { request, STATUS_CODES, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { BlockList } from 'node:net';
import type { Duplex } from 'node:stream';
import { SOCKET_PATH, Y_WEBSOCKET_PATH } from '#domain/protocol/room.ts';
import type { Logger } from '#backend/log.ts';
import { realPeer, trustedProxies } from '#backend/real-peer.ts';

/** Longest wait for the collab-server to answer an upgrade, milliseconds. */
const ANSWER_MS = 10_000;

/** Headers that belong to one hop; what a client sends in them is not passed on. */
const FORWARDED = /^(x-forwarded-|forwarded$|x-tap-|x-real-ip$)/u;

export interface SocketPass {
  /** Handles an `upgrade` event of the web server. */
  readonly upgrade: (incoming: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** Ends every socket that is open. */
  close(): void;
}

/** True for the paths whose sockets belong to the collab-server. */
export function isSocketPath(url: string | undefined): boolean {
  const path = url?.split('?', 1)[0] ?? '';
  return path === SOCKET_PATH || path.startsWith(`${Y_WEBSOCKET_PATH}/`);
}

export interface SocketPassOptions {
  readonly log: Logger;
  /** Proxies before us whose `X-Forwarded-For` is believed, as `trustedProxies` reads them. */
  readonly proxies: string;
}

/**
 * Passes upgrades on to `collabUrl`, with the address of the peer that they come from; answers 404
 * elsewhere, 502 or 504 if it does not take them.
 */
export function passSockets(collabUrl: URL, { log, proxies }: SocketPassOptions): SocketPass {
  const trusted = trustedProxies(proxies);
  const open = new Set<Duplex>();
  const track = (socket: Duplex): void => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  };

  const upgrade = (incoming: IncomingMessage, socket: Duplex, head: Buffer): void => {
    track(socket);
    socket.on('error', () => socket.destroy());
    if (!isSocketPath(incoming.url)) return refuse(socket, 404);
    const outgoing = request({
      host: collabUrl.hostname,
      port: collabUrl.port,
      path: incoming.url,
      method: 'GET',
      headers: headersFor(incoming, trusted),
      timeout: ANSWER_MS,
      agent: false,
    });
    const abandon = () => outgoing.destroy();
    socket.once('close', abandon);
    outgoing.once('timeout', () => {
      refuse(socket, 504);
      outgoing.destroy();
    });
    outgoing.once('error', (error) => {
      log.warn({ err: error }, 'the collab-server did not take a socket');
      refuse(socket, 502);
    });
    // No upgrade: the refusal (401, 429, …) goes back as it is.
    outgoing.once('response', (answer) => {
      refuse(socket, answer.statusCode ?? 502, answer.headers['retry-after']);
      answer.resume();
    });
    outgoing.once('upgrade', (answer, upstream, upstreamHead) => {
      socket.off('close', abandon);
      outgoing.setTimeout(0);
      track(upstream);
      socket.write(switchingProtocols(answer.rawHeaders));
      if (upstreamHead.length > 0) socket.write(upstreamHead);
      if (head.length > 0) upstream.write(head);
      join(socket, upstream);
    });
    outgoing.end();
  };

  return {
    upgrade,
    close: () => {
      for (const socket of open) socket.destroy();
    },
  };
}

function headersFor(incoming: IncomingMessage, trusted: BlockList): IncomingHttpHeaders {
  const { headers, socket } = incoming;
  const kept = Object.entries(headers).filter(([name]) => !FORWARDED.test(name));
  const forwardedFor = [headers['x-forwarded-for'] ?? ''].flat().join(',');
  const peer = realPeer({ remoteAddress: socket.remoteAddress, forwardedFor }, trusted);
  return Object.fromEntries([...kept, ['x-forwarded-for', peer]]);
}

function refuse(socket: Duplex, status: number, retryAfter?: string): void {
  if (socket.destroyed || socket.writableEnded) return;
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'connection: close',
    'content-length: 0',
    ...(retryAfter === undefined ? [] : [`retry-after: ${retryAfter}`]),
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n`);
}

function switchingProtocols(rawHeaders: readonly string[]): string {
  const lines = ['HTTP/1.1 101 Switching Protocols'];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** Joins two sockets; when one ends or fails, so does the other. */
function join(one: Duplex, other: Duplex): void {
  one.pipe(other);
  other.pipe(one);
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.once('close', () => to.destroy());
    from.on('error', () => to.destroy());
  }
}
