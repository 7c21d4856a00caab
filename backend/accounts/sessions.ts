// Sessions: who a cookie belongs to. The only module that knows lucia, and what contains it: the
// cookie's token is never stored, only its hash, and no session outlives 90 days.
import { createHash, randomBytes } from 'node:crypto';
import { DrizzlePostgreSQLAdapter } from '@lucia-auth/adapter-drizzle';
import { and, eq, gt, inArray, type SQL } from 'drizzle-orm';
import { Lucia, TimeSpan } from 'lucia';
import type { UserId } from '#domain/story/ids.ts';
import type { Voice } from '#domain/story/take.ts';
import { Problem } from '#domain/protocol/problem.ts';
import { sessions as sessionTable, users } from '#drizzle/schema.ts';
import type { Database } from '../postgres/database.ts';
import { notify } from '../postgres/notices.ts';

/** A session that is not used for this long ends. */
export const IDLE_DAYS = 30;
/** A session ends this long after it was opened, used or not. */
export const ABSOLUTE_DAYS = 90;
const DAY_MS = 86_400_000;

export interface SessionCookie {
  readonly name: string;
  readonly value: string;
  readonly attributes: {
    readonly httpOnly: true;
    readonly sameSite: 'lax';
    readonly secure: boolean;
    readonly path: '/';
    /** Seconds. */
    readonly maxAge: number;
  };
}

export interface OpenedSession {
  /** The cookie's value; it is nowhere else, so lost means signed out. */
  readonly token: string;
  readonly cookie: SessionCookie;
}

export interface SessionInfo {
  /** A hash: it may be shown in a list of devices, and opens nothing. */
  readonly id: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

export interface LiveSession {
  readonly session: SessionInfo;
  readonly user: Voice;
  /** Set when this use prolonged the session: send it, so that the cookie lives as long. */
  readonly renewed: SessionCookie | null;
}

/** Every method throws `Problem('unavailable')` when the database is away, never "nobody". */
export interface Sessions {
  readonly cookieName: string;
  /** Opens a session for somebody. */
  open(userId: UserId): Promise<OpenedSession>;
  /** The session of a cookie's token or of a whole `Cookie` header; null if it opens nothing. */
  read(tokenOrHeader: string | null | undefined): Promise<LiveSession | null>;
  /** The token in a `Cookie` header, valid or not; null if it carries none. */
  tokenIn(cookieHeader: string | null | undefined): string | null;
  /** Which of these sessions, by id, are live now. */
  liveAmong(sessionIds: readonly string[]): Promise<ReadonlySet<string>>;
  /** Ends one session, by its id, and its open sockets on every node. */
  revoke(sessionId: string): Promise<void>;
  /** Ends every session of somebody, likewise. */
  revokeAll(userId: UserId): Promise<void>;
  /** The live sessions of somebody, newest first. */
  list(userId: UserId): Promise<SessionInfo[]>;
  /** The cookie that takes the session cookie away from a browser. */
  blank(): SessionCookie;
}

interface SessionAttributes {
  createdAt: Date;
}

interface UserAttributes {
  name: string;
  hue: number;
}

/** Ours, under a name that lucia's own module does not take for itself. */
type PersonId = UserId;

declare module 'lucia' {
  interface Register {
    Lucia: Lucia<SessionAttributes, UserAttributes>;
    UserId: PersonId;
    DatabaseSessionAttributes: SessionAttributes;
    DatabaseUserAttributes: UserAttributes;
  }
}

/**
 * Sessions kept in `db`. `origin` is the address people use: over https the cookie is `Secure` and
 * has the `__Host-` prefix, so no other host or path can set it. `now` gives milliseconds.
 */
export function createSessions({
  db,
  origin,
  now = Date.now,
}: {
  db: Database;
  origin: string;
  now?: () => number;
}): Sessions {
  const secure = new URL(origin).protocol === 'https:';
  const cookieName = secure ? '__Host-session' : 'session';
  const lucia = luciaOn(db, cookieName);
  const cookie = (value: string, maxAge: number): SessionCookie => ({
    name: cookieName,
    value,
    attributes: { httpOnly: true, sameSite: 'lax', secure, path: '/', maxAge },
  });
  const live = (session: SessionInfo) =>
    now() - session.createdAt.getTime() < ABSOLUTE_DAYS * DAY_MS;
  const tokenIn = (header: string | null | undefined) =>
    header ? lucia.readSessionCookie(header) || null : null;

  return {
    cookieName,
    tokenIn,
    blank: () => cookie('', 0),
    open: (userId) =>
      reachable(async () => {
        const token = randomBytes(32).toString('base64url');
        const attributes = { createdAt: new Date(now()) };
        await lucia.createSession(userId, attributes, { sessionId: idOf(token) });
        return { token, cookie: cookie(token, (IDLE_DAYS * DAY_MS) / 1000) };
      }),
    read: (tokenOrHeader) =>
      reachable(async () => {
        const token = tokenOrHeader?.includes('=') ? tokenIn(tokenOrHeader) : tokenOrHeader;
        if (!token) return null;
        const { session, user } = await lucia.validateSession(idOf(token));
        if (session === null) return null;
        if (!live(session)) {
          await end(db, eq(sessionTable.id, session.id));
          return null;
        }
        return {
          session: infoOf(session),
          user: { id: user.id, name: user.name, hue: user.hue },
          renewed: session.fresh ? cookie(token, (IDLE_DAYS * DAY_MS) / 1000) : null,
        };
      }),
    liveAmong: (sessionIds) => reachable(() => liveIn(db, sessionIds, now())),
    revoke: (sessionId) => reachable(() => end(db, eq(sessionTable.id, sessionId))),
    revokeAll: (userId) => reachable(() => end(db, eq(sessionTable.userId, userId))),
    list: (userId) =>
      reachable(async () => newestFirst((await lucia.getUserSessions(userId)).map(infoOf), live)),
  };
}

function luciaOn(db: Database, cookieName: string): Lucia<SessionAttributes, UserAttributes> {
  return new Lucia(new DrizzlePostgreSQLAdapter(db, sessionTable, users), {
    sessionExpiresIn: new TimeSpan(IDLE_DAYS, 'd'),
    sessionCookie: { name: cookieName },
    getSessionAttributes: ({ createdAt }) => ({ createdAt }),
    getUserAttributes: ({ name, hue }) => ({ name, hue }),
  });
}

function newestFirst(all: SessionInfo[], live: (session: SessionInfo) => boolean): SessionInfo[] {
  return all.filter(live).toSorted((a, b) => b.createdAt.getTime() - a.createdAt.getTime());
}

async function liveIn(
  db: Database,
  sessionIds: readonly string[],
  nowMs: number,
): Promise<ReadonlySet<string>> {
  const rows = await db
    .select({ id: sessionTable.id })
    .from(sessionTable)
    .where(
      and(
        inArray(sessionTable.id, [...sessionIds]),
        gt(sessionTable.expiresAt, new Date(nowMs)),
        gt(sessionTable.createdAt, new Date(nowMs - ABSOLUTE_DAYS * DAY_MS)),
      ),
    );
  return new Set(rows.map(({ id }) => id));
}

/** Sessions that one notice names: a NOTIFY carries 8,000 bytes. */
const NAMED_AT_ONCE = 100;

/** Ends sessions and says so in one transaction: nobody hears of an end that did not happen. */
async function end(db: Database, which: SQL): Promise<void> {
  await db.transaction(async (tx) => {
    const ended = await tx.delete(sessionTable).where(which).returning({ id: sessionTable.id });
    for (let at = 0; at < ended.length; at += NAMED_AT_ONCE) {
      const sessionIds = ended.slice(at, at + NAMED_AT_ONCE).map(({ id }) => id);
      await notify(tx, 'session_revoked', { sessionIds });
    }
  });
}

/** What is stored of a token. */
function idOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

function infoOf({ id, createdAt, expiresAt }: SessionInfo): SessionInfo {
  return { id, createdAt, expiresAt };
}

/** A session that cannot be looked up is not a session that does not exist. */
async function reachable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new Problem('unavailable', 'We cannot check who you are right now. Try again soon.', {
      cause: error,
    });
  }
}
