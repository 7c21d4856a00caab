// Rows and clients for tests of the collab-server: a story with people, and sockets into it.
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { HocuspocusProvider, HocuspocusProviderWebsocket } from '@hocuspocus/provider';
import { WebSocket } from 'ws';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';
import { createSessions } from '#backend/accounts/sessions.ts';
import { becomeGuest } from '#backend/accounts/guests.ts';
import type { Logger } from '#backend/log.ts';
import { openDatabase, type Database } from '#backend/postgres/database.ts';
import { recordEvent, type StoryEvent } from '#backend/story/events.ts';
import { roomName, SOCKET_PATH, Y_WEBSOCKET_PATH } from '#domain/protocol/room.ts';
import { storyId, takeId, type StoryId, type TakeId, type UserId } from '#domain/story/ids.ts';
import type { Voice } from '#domain/story/take.ts';
import { startCollabServer, type CollabOptions, type CollabServer } from '../server.ts';

export const ORIGIN = 'http://127.0.0.1:3000';

/** The part of a test's database that we use. */
export interface TestDatabase {
  readonly url: string;
  readonly db: Database;
  readonly log: Logger;
  readonly pool: { query(sql: string, values?: unknown[]): Promise<{ rows: unknown[] }> };
}

export interface TestPerson {
  readonly user: Voice;
  /** A Cookie header. */
  readonly cookie: string;
}

export async function person(fresh: TestDatabase, name: string): Promise<TestPerson> {
  const sessions = createSessions({ db: fresh.db, origin: ORIGIN });
  const { user, cookie } = await becomeGuest({ db: fresh.db, sessions }, name);
  return { user, cookie: `${cookie.name}=${cookie.value}` };
}

/** Inserts a written take that is ready, and records that it was published. */
export async function publishTake(
  fresh: TestDatabase,
  take: { storyId: StoryId; parentId: TakeId | null; authorId: UserId; words?: string },
): Promise<TakeId> {
  const id = takeId(randomUUID());
  await fresh.pool.query(
    `insert into takes (id, story_id, parent_id, author_id, kind, start_samples, duration_samples,
       status, words) values ($1, $2, $3, $4, 'text', 0, 96000, 'ready', $5)`,
    [id, take.storyId, take.parentId, take.authorId, take.words ?? ''],
  );
  await record(fresh, { storyId: take.storyId, takeId: id, kind: 'published' });
  return id;
}

export async function record(fresh: TestDatabase, event: StoryEvent): Promise<void> {
  await fresh.db.transaction((tx) => recordEvent(tx, event));
}

export interface TestStory {
  readonly storyId: StoryId;
  readonly seedId: TakeId;
  /** Document names. */
  readonly tree: string;
  readonly words: string;
}

/** A story with one written take. */
export async function plant(fresh: TestDatabase, authorId: UserId, words = ''): Promise<TestStory> {
  const id = storyId(randomUUID());
  await fresh.pool.query(
    `insert into stories (id, slug, title, owner_id) values ($1, $2, 'The lighthouse', $3)`,
    [id, `the-lighthouse-${id}`, authorId],
  );
  const seedId = await publishTake(fresh, { storyId: id, parentId: null, authorId, words });
  return {
    storyId: id,
    seedId,
    tree: roomName({ kind: 'story', storyId: id }),
    words: roomName({ kind: 'words', takeId: seedId }),
  };
}

export interface TestServer extends CollabServer {
  /** `ws://host:port` */
  readonly url: string;
  stopAll(): Promise<void>;
}

export type ServeSettings = Partial<
  Pick<CollabOptions, 'warmMs' | 'databaseUrl' | 'spillFolder' | 'redisUrl' | 'limits' | 'proxies'>
>;

/** A collab-server on a free port, on a pool of its own. */
export async function serve(
  fresh: TestDatabase,
  settings: ServeSettings = {},
): Promise<TestServer> {
  const { databaseUrl = fresh.url, ...rest } = settings;
  const handle = openDatabase(databaseUrl, { log: fresh.log });
  const server = await startCollabServer({
    handle,
    databaseUrl,
    log: fresh.log,
    origin: ORIGIN,
    host: '127.0.0.1',
    port: 0,
    spillFolder: path.join(tmpdir(), 'tap-story-test-spill', randomUUID()),
    ...rest,
  });
  return {
    port: server.port,
    url: `ws://127.0.0.1:${server.port}`,
    stop: () => server.stop(),
    stopAll: async () => {
      await server.stop();
      await handle.close();
    },
  };
}

/** A WebSocket class that sends these headers, as a browser would by itself. */
export function socketClass(
  headers: Record<string, string>,
): new (address: string | URL, protocols?: string | string[]) => WebSocket {
  return class extends WebSocket {
    constructor(address: string | URL, protocols?: string | string[]) {
      super(address, protocols, { headers });
      // A client that is destroyed while it reconnects is no error of the test.
      this.on('error', () => undefined);
    }
  };
}

/** The same of the class that browsers have, which y-websocket asks for. */
function browserSocketClass(headers: Record<string, string>): typeof globalThis.WebSocket {
  return class extends globalThis.WebSocket {
    constructor(address: string | URL) {
      super(address, { headers });
    }
  };
}

export function headersOf(who: TestPerson | null): Record<string, string> {
  return { origin: ORIGIN, ...(who !== null && { cookie: who.cookie }) };
}

export interface TestClient {
  readonly doc: Y.Doc;
  readonly provider: HocuspocusProvider;
  /** Close codes of the socket so far. */
  readonly closes: number[];
  /** Reasons for which the document was refused so far. */
  readonly refusals: string[];
  readonly notices: string[];
  destroy(): void;
}

/** A Hocuspocus client of one document. */
export function connect(
  url: string,
  name: string,
  who: TestPerson | null,
  doc = new Y.Doc(),
): TestClient {
  const closes: number[] = [];
  const refusals: string[] = [];
  const notices: string[] = [];
  const socket = new HocuspocusProviderWebsocket({
    url: `${url}${SOCKET_PATH}`,
    WebSocketPolyfill: socketClass(headersOf(who)),
    delay: 50,
    minDelay: 50,
    onClose: ({ event }) => closes.push(event.code),
  });
  const provider = new HocuspocusProvider({
    websocketProvider: socket,
    name,
    document: doc,
    token: 'session',
    onAuthenticationFailed: ({ reason }) => refusals.push(reason),
    onStateless: ({ payload }) => notices.push(payload),
  });
  provider.attach();
  const destroy = () => {
    provider.destroy();
    socket.destroy();
  };
  return { doc, provider, closes, refusals, notices, destroy };
}

/** A y-websocket client of one document. */
export function connectPlain(
  url: string,
  name: string,
  who: TestPerson | null,
  settings: { readonly shouldReconnect?: () => boolean } = {},
) {
  const doc = new Y.Doc();
  const provider = new WebsocketProvider(`${url}${Y_WEBSOCKET_PATH}`, name, doc, {
    WebSocketPolyfill: browserSocketClass(headersOf(who)),
    disableBc: true,
    ...settings,
  });
  return { doc, provider, destroy: () => provider.destroy() };
}
