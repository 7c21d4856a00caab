// Who gets in: the socket by Origin and session, each document by what the policy says of it.
import type { LiveSession, Sessions } from '#backend/accounts/sessions.ts';
import type { Logger } from '#backend/log.ts';
import type { Database } from '#backend/postgres/database.ts';
import { standingAt, standingIn } from '#backend/story/standing.ts';
import { may, mayHear, type Standing } from '#domain/access/policy.ts';
import { parseRoom, SOCKET_PATH, Y_WEBSOCKET_PATH, type Room } from '#domain/protocol/room.ts';
import type { StoryId } from '#domain/story/ids.ts';
import type { Voice } from '#domain/story/take.ts';
import { hocuspocusDialect, yWebsocketDialect, type Dialect } from './dialect.ts';

/** What an upgrade request was let in as. */
export class Admission {
  readonly dialect: Dialect;
  /** Null for a listener. */
  readonly viewer: Voice | null;
  /** Null for a listener. */
  readonly sessionId: string | null;

  constructor(dialect: Dialect, live: LiveSession | null) {
    this.dialect = dialect;
    this.viewer = live?.user ?? null;
    this.sessionId = live?.session.id ?? null;
  }
}

export interface AdmitOptions {
  /** The address people use; sockets from pages of any other are refused. */
  readonly origin: string;
  readonly sessions: Pick<Sessions, 'read' | 'tokenIn'>;
  readonly log: Logger;
}

/**
 * Checks an upgrade request before the socket opens. Refusals: 404 for another path, 403 for a
 * foreign or absent Origin, 401 for a session cookie that opens nothing, 503 while sessions cannot
 * be looked up. No cookie at all is a listener.
 */
export async function admit(
  request: { readonly url: string; readonly headers: Headers },
  { origin, sessions, log }: AdmitOptions,
): Promise<Admission | Response> {
  const dialect = dialectOf(new URL(request.url).pathname);
  if (dialect === null) return new Response(null, { status: 404 });
  if (request.headers.get('origin') !== new URL(origin).origin) {
    return new Response(null, { status: 403 });
  }
  const cookies = request.headers.get('cookie');
  if (sessions.tokenIn(cookies) === null) return new Admission(dialect, null);
  try {
    const live = await sessions.read(cookies);
    if (live === null) return new Response(null, { status: 401 });
    return new Admission(dialect, live);
  } catch (error) {
    log.warn({ err: error }, 'sessions cannot be looked up');
    return new Response(null, { status: 503, headers: { 'retry-after': '5' } });
  }
}

function dialectOf(pathname: string): Dialect | null {
  if (pathname === SOCKET_PATH || pathname === `${SOCKET_PATH}/`) return hocuspocusDialect;
  if (!pathname.startsWith(`${Y_WEBSOCKET_PATH}/`)) return null;
  try {
    return yWebsocketDialect(decodeURIComponent(pathname.slice(Y_WEBSOCKET_PATH.length + 1)));
  } catch {
    return null;
  }
}

/** A document that somebody was refused; nobody is told whether it exists. */
export class NoSuchRoom extends Error {
  override readonly name = 'NoSuchRoom';
}

export interface Entry {
  readonly room: Room;
  readonly storyId: StoryId;
  readonly readOnly: boolean;
  /** What the viewer is in the story, no older than its event of this number. */
  readonly standing: Standing;
  readonly standingRevision: number;
}

/**
 * Lets a viewer into a document. The tree is read-only for everybody: the server writes it. The
 * words of a take are written by those whose role in the story allows it, and those of a hidden
 * take are there for those only who may see it. Drafts are there for their author alone, who may
 * still read them, to copy them, when they may not branch the story any more.
 * @throws {NoSuchRoom} for a name that is not of a room, a story or take that is not there, and a
 *   room that the viewer may not read, all alike
 */
export async function enter(
  db: Database,
  documentName: string,
  viewer: Voice | null,
): Promise<Entry> {
  // One room has one name: a UUID in capitals would be a second document of the same take.
  const room = documentName === documentName.toLowerCase() ? parseRoom(documentName) : null;
  if (room === null) throw new NoSuchRoom();
  if (room.kind === 'story') {
    const story = await standingIn(db, room.storyId, viewer);
    if (story === null || !may('listen', story.standing)) throw new NoSuchRoom();
    return { ...story, room, readOnly: true };
  }
  if (room.kind === 'draft') return enterDrafts(db, room, viewer);
  const take = await standingAt(db, room.takeId, viewer);
  if (take === null || !mayHear(viewer, take.standing, take)) throw new NoSuchRoom();
  return { ...take, room, readOnly: !may('writeWords', take.standing, take.isAuthor) };
}

async function enterDrafts(
  db: Database,
  room: Extract<Room, { kind: 'draft' }>,
  viewer: Voice | null,
): Promise<Entry> {
  if (viewer?.id !== room.userId) throw new NoSuchRoom();
  const story = await standingIn(db, room.storyId, viewer);
  if (story === null || !may('listen', story.standing)) throw new NoSuchRoom();
  return { ...story, room, readOnly: !may('branch', story.standing) };
}
