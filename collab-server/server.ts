// The process' one port: sockets for browsers, health checks for whoever watches us.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import nodeAdapter from 'crossws/adapters/node';
import type { Message, Peer } from 'crossws';
import { createSessions, type Sessions } from '#backend/accounts/sessions.ts';
import type { Logger } from '#backend/log.ts';
import type { DatabaseHandle } from '#backend/postgres/database.ts';
import { NoticeListener } from '#backend/postgres/notices.ts';
import { Admission, admit } from './authenticate.ts';
import { MAX_FRAME_BYTES } from './guard.ts';
import { LiveSessions } from './live-sessions.ts';
import { RoomSocket, type Wire } from './room-socket.ts';
import { Rooms } from './rooms.ts';
import { replaySpills, spill } from './spill.ts';

/** A socket that answers no ping for this long is dead, seconds. */
const DEAD_AFTER_S = 10;
/** Close code for "the server restarts": clients come back at once (RFC 6455's registry). */
const RESTART = 1012;
/** What clients get to hang up by themselves, then what the log gets to empty; milliseconds. */
const HANG_UP_MS = 1_000;
const DRAIN_MS = 5_000;

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
}

export interface CollabServer {
  readonly port: number;
  /**
   * Commits what was written, closes every socket, and ends within seven seconds.
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
  const listener = new NoticeListener(
    options.databaseUrl,
    {
      story_event: ({ storyId }) => rooms.trees.changed(storyId),
      document_update: (notice) => rooms.committed(notice),
      session_revoked: ({ sessionIds }) => live.ended(sessionIds),
      take_progress: ({ storyId, notice }) => rooms.announce(storyId, notice),
    },
    { log, onConnected: () => rooms.catchUp() },
  );
  const sockets = acceptSockets(rooms, { ...options, sessions, live });
  const http = createServer((request, response) => void answer(request, response, handle));
  http.on('upgrade', (request, socket, head) => {
    socket.on('error', (error) => log.debug({ err: error }, 'socket failed before it was open'));
    void sockets.handleUpgrade(request, socket, head);
  });
  await listening(http, options);
  return {
    port: portOf(http),
    stop: async () => {
      live.stop();
      const closed = new Promise<void>((resolve) => http.close(() => resolve()));
      http.closeAllConnections();
      sockets.closeAll(RESTART, 'restarting', false);
      await within(HANG_UP_MS, closed);
      sockets.closeAll(RESTART, 'restarting', true);
      // A Postgres that does not answer does not take leave either.
      await within(HANG_UP_MS, listener.close());
      if (!(await within(DRAIN_MS, rooms.stop()))) {
        await spill(spillFolder, rooms.updates.uncommitted(), log);
        throw new Error('updates are not committed: Postgres did not take them in time');
      }
    },
  };
}

interface Accepting extends CollabOptions {
  readonly sessions: Sessions;
  readonly live: LiveSessions;
}

function acceptSockets(rooms: Rooms, accepting: Accepting) {
  const { log, origin, sessions } = accepting;
  const open = new WeakMap<Peer, Opened>();
  return nodeAdapter({
    idleTimeout: DEAD_AFTER_S,
    serverOptions: { maxPayload: MAX_FRAME_BYTES, perMessageDeflate: false },
    hooks: {
      upgrade: async (request) => {
        const admission = await admit(request, { origin, sessions, log });
        if (admission instanceof Response) return admission;
        return { context: { admission } };
      },
      open: (peer) => {
        const { admission } = peer.context;
        if (!(admission instanceof Admission)) return peer.terminate();
        const opened = openSocket(rooms, admission, { ...accepting, wire: wireOf(peer) });
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
  /** Stops watching over its session. */
  readonly forget: () => void;
}

function openSocket(
  rooms: Rooms,
  { dialect, viewer, sessionId }: Admission,
  { live, log, wire }: Accepting & { readonly wire: Wire },
): Opened {
  const socket = new RoomSocket({
    dialect,
    viewer,
    wire,
    updates: rooms.updates,
    newcomers: rooms.newcomers(),
    dropParked: (document) => rooms.dropParked(document),
    stateVector: (document) => rooms.stateVector(document),
    log,
  });
  const forget = sessionId === null ? () => undefined : live.add(sessionId, socket);
  return { socket, forget };
}

function wireOf(peer: Peer): Wire {
  return {
    send: (frame) => peer.send(frame) ?? 0,
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
async function within(ms: number, work: Promise<void>): Promise<boolean> {
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
