// The process' one port: sockets for browsers, health checks for whoever watches us.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, BlockList } from 'node:net';
import nodeAdapter from 'crossws/adapters/node';
import type { Message, Peer } from 'crossws';
import { createSessions, type Sessions } from '#backend/accounts/sessions.ts';
import type { Logger } from '#backend/log.ts';
import type { DatabaseHandle } from '#backend/postgres/database.ts';
import { NoticeListener } from '#backend/postgres/notices.ts';
import { realPeer, trustedProxies } from '#backend/real-peer.ts';
import { CLOSE, waitReason } from '#domain/protocol/room.ts';
import { Admission, admit } from './authenticate.ts';
import { DraftSweep } from './draft-sweep.ts';
import { MAX_FRAME_BYTES } from './guard.ts';
import { defaultLimits, WAIT_S, type Limits } from './limits.ts';
import { LiveSessions } from './live-sessions.ts';
import { RoomSocket, type Wire } from './room-socket.ts';
import { Rooms } from './rooms.ts';
import { SocketWatch } from './socket-watch.ts';
import { replaySpills, spill } from './spill.ts';
import { Usage, type Pass } from './usage.ts';

/** Who asks, as we say it: set on every upgrade, whatever the client sent in it. */
const PEER_HEADER = 'x-tap-peer';
/** How long a client has to answer that we closed its socket, milliseconds. */
const CLOSING_MS = 5_000;
/** Close code for "the server restarts": clients come back at once (RFC 6455's registry). */
const RESTART = 1012;
/** What clients get to hang up by themselves, then the log to empty, then the rest; milliseconds. */
const HANG_UP_MS = 1_000;
const DRAIN_MS = 5_000;
const REST_MS = 5_000;

export interface CollabOptions {
  readonly handle: DatabaseHandle;
  readonly databaseUrl: string;
  readonly log: Logger;
  readonly origin: string;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Where updates go that could not be committed before the end; the next start commits them. */
  readonly spillFolder: string;
  /** Redis between several nodes; unset shares through Postgres alone. */
  readonly redisUrl?: string | undefined;
  /** How long a document stays in memory after everybody left it, milliseconds. */
  readonly warmMs?: number;
  /** Proxies whose `X-Forwarded-For` is believed, as `trustedProxies` reads them; unset: nobody's. */
  readonly proxies?: string;
  /** What differs from `defaultLimits`. */
  readonly limits?: Partial<Limits>;
}

export interface CollabServer {
  readonly port: number;
  /**
   * Commits what was written, closes every socket, and ends within twelve seconds; what Postgres
   * did not take is in the spill folder after seven.
   * @throws if Postgres did not take all of it, which is then in the spill folder
   */
  stop(): Promise<void>;
}

/** Listens for sockets and follows what the other processes commit. */
export async function startCollabServer(options: CollabOptions): Promise<CollabServer> {
  const { handle, databaseUrl, log, warmMs, spillFolder } = options;
  await replaySpills(spillFolder, { db: handle.db, log });
  const rooms = new Rooms({
    db: handle.db,
    databaseUrl,
    log,
    redisUrl: options.redisUrl,
    ...(warmMs !== undefined && { warmMs }),
  });
  const sessions = createSessions({ db: handle.db, origin: options.origin });
  const live = new LiveSessions({ sessions, log });
  const watch = new SocketWatch();
  const proxies = trustedProxies(options.proxies ?? '');
  const limits = { ...defaultLimits, ...options.limits };
  const sweep = new DraftSweep({ db: handle.db, log });
  const listener = new NoticeListener(
    options.databaseUrl,
    {
      story_event: ({ storyId }) => rooms.storyChanged(storyId),
      document_update: (notice) => rooms.committed(notice),
      words_forgotten: (notice) => rooms.forgotten(notice),
      session_revoked: ({ sessionIds }) => live.ended(sessionIds),
      take_progress: ({ storyId, notice }) => rooms.announce(storyId, notice),
    },
    { log, onConnected: () => rooms.catchUp() },
  );
  const usage = new Usage(limits);
  const sockets = acceptSockets(rooms, { ...options, sessions, live, watch, usage, limits });
  const http = createServer((request, response) => void answer(request, response, handle));
  http.on('upgrade', (request, socket, head) => {
    socket.on('error', (error) => log.debug({ err: error }, 'socket failed before it was open'));
    request.headers[PEER_HEADER] = peerOf(request, proxies);
    void sockets.handleUpgrade(request, socket, head);
  });
  // A thread takes half a second to start, and ten on a busy machine: nobody should wait for that.
  await rooms.trees.start();
  await listening(http, options);
  void rooms.words.sweep();
  return {
    port: portOf(http),
    stop: async () => {
      live.stop();
      watch.stop();
      const closed = new Promise<void>((resolve) => http.close(() => resolve()));
      http.closeAllConnections();
      sockets.closeAll(RESTART, 'restarting', false);
      await within(HANG_UP_MS, closed);
      sockets.closeAll(RESTART, 'restarting', true);
      // The log waits for none of these: a Postgres that does not answer takes no leave either.
      const rest = Promise.allSettled([listener.close(), sweep.stop(), rooms.stop()]);
      if (!(await within(DRAIN_MS, rooms.updates.drain()))) {
        await spill(spillFolder, rooms.updates.uncommitted(), log);
        throw new Error('updates are not committed: Postgres did not take them in time');
      }
      // All is committed: rows that are still behind are found by the next start.
      if (!(await within(REST_MS, rest))) log.warn('some parts did not stop in time');
    },
  };
}

interface Accepting extends CollabOptions {
  readonly sessions: Sessions;
  readonly live: LiveSessions;
  readonly watch: SocketWatch;
  readonly usage: Usage;
  readonly limits: Limits;
}

/** The types of ws that are at hand are older than its `closeTimeout`. */
const serverOptions = {
  maxPayload: MAX_FRAME_BYTES,
  perMessageDeflate: false,
  closeTimeout: CLOSING_MS,
};

function acceptSockets(rooms: Rooms, accepting: Accepting) {
  const { log, origin, sessions, usage, limits } = accepting;
  const open = new WeakMap<Peer, Opened>();
  return nodeAdapter({
    // Who has not answered a ping when the next is due is dead: found after two at most.
    idleTimeout: limits.deadMs / 2 / 1_000,
    serverOptions,
    hooks: {
      upgrade: async (request) => {
        const address = addressOf(request);
        if (!usage.mayKnock(address)) return tooMany(log, { address });
        const admission = await admit(request, { origin, sessions, log });
        if (admission instanceof Response) return admission;
        const userId = admission.viewer?.id;
        if (userId !== undefined && !usage.mayEnter(userId)) return tooMany(log, { userId });
        return { context: { admission } };
      },
      open: (peer) => {
        const { admission } = peer.context;
        if (!(admission instanceof Admission)) return peer.terminate();
        const userId = admission.viewer?.id ?? null;
        const pass = usage.open({ address: addressOf(peer.request), userId });
        if (pass === null) return peer.close(CLOSE.tooMuch, waitReason(WAIT_S, 'too many sockets'));
        const opened = openSocket(rooms, admission, { ...accepting, pass, wire: wireOf(peer) });
        const { socket } = opened;
        open.set(peer, opened);
        socket.open(rooms.hocuspocus.handleConnection(socket, peer.request, { socket }));
        return undefined;
      },
      message: (peer, message) => open.get(peer)?.socket.receive(bytesOf(message)),
      close: (peer, { code = 1006, reason = '' }) => {
        open.get(peer)?.forget();
        open.get(peer)?.socket.gone(code, reason);
      },
      error: (peer, error) => log.debug({ err: error, peer: peer.id }, 'socket failed'),
    },
  });
}

interface Opened {
  readonly socket: RoomSocket;
  /** Stops watching over it, and counting it. */
  readonly forget: () => void;
}

function openSocket(
  rooms: Rooms,
  { dialect, viewer, sessionId }: Admission,
  accepting: Accepting & { readonly wire: Wire; readonly pass: Pass },
): Opened {
  const { live, watch, log, wire, pass, limits } = accepting;
  const socket = new RoomSocket({
    dialect,
    viewer,
    wire,
    updates: rooms.updates,
    takers: rooms.frameTakers(pass),
    missedBefore: (document, sender) => rooms.missedBefore(document, sender),
    stateVector: (document) => rooms.stateVector(document),
    pass,
    limits,
    log,
  });
  const watching = [watch.add(socket), () => pass.end()];
  if (sessionId !== null) watching.push(live.add(sessionId, socket));
  return {
    socket,
    forget: () => {
      for (const stop of watching) stop();
    },
  };
}

function peerOf({ socket, headers }: IncomingMessage, proxies: BlockList): string {
  const forwardedFor = [headers['x-forwarded-for'] ?? ''].flat().join(',');
  return realPeer({ remoteAddress: socket.remoteAddress, forwardedFor }, proxies);
}

function addressOf({ headers }: { readonly headers: Headers }): string {
  return headers.get(PEER_HEADER) ?? 'unknown';
}

function tooMany(log: Logger, who: { address: string } | { userId: string }): Response {
  log.warn(who, 'too many sockets, refused');
  return new Response(null, { status: 429, headers: { 'retry-after': String(WAIT_S) } });
}

function wireOf(peer: Peer): Wire {
  return {
    send: (frame) => peer.send(frame) ?? 0,
    waiting: () => peer.websocket.bufferedAmount ?? 0,
    close: (code, reason) => peer.close(code, reason),
    terminate: () => peer.terminate(),
  };
}

function bytesOf(message: Message): Uint8Array | null {
  return typeof message.rawData === 'string' ? null : message.uint8Array();
}

/** `/health/live` says that we run, `/health/ready` that we reach Postgres. */
async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { pool }: DatabaseHandle,
): Promise<void> {
  const status = await statusOf(request.url ?? '', () => pool.query('select 1'));
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ ok: status === 200 }));
}

async function statusOf(url: string, reachPostgres: () => Promise<unknown>): Promise<number> {
  if (url === '/health/live') return 200;
  if (url !== '/health/ready') return 404;
  return reachPostgres().then(
    () => 200,
    () => 503,
  );
}

/** True if the work is done in time. */
async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  const late = Promise.withResolvers<false>();
  const timer = setTimeout(() => late.resolve(false), ms);
  try {
    return await Promise.race([work.then(() => true), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function listening(http: Server, { port, host }: CollabOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    http.once('error', reject);
    http.listen(port, host, () => {
      http.off('error', reject);
      resolve();
    });
  });
}

function portOf(http: Server): number {
  const address: AddressInfo | string | null = http.address();
  if (address === null || typeof address === 'string') throw new Error('not listening on TCP');
  return address.port;
}
