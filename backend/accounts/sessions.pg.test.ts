import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { userId, type UserId } from '#domain/story/ids.ts';
import { Problem } from '#domain/protocol/problem.ts';
import { sessions as sessionTable, users } from '#drizzle/schema.ts';
import { openDatabase } from '#backend/postgres/database.ts';
import { freshDatabase, type FreshDatabase } from '../../tests/harness/database.ts';
import { becomeGuest, renameUser } from './guests.ts';
import { createSessions, type Sessions } from './sessions.ts';

const DAY_MS = 86_400_000;

let fresh: FreshDatabase;
let sessions: Sessions;
let mira: UserId;

beforeAll(async () => {
  fresh = await freshDatabase();
  sessions = createSessions({ db: fresh.db, origin: 'https://tap.example' });
  mira = userId(crypto.randomUUID());
  await fresh.db.insert(users).values({ id: mira, name: 'Mira', hue: 3 });
});

afterAll(() => fresh.close());

async function onlySession(token: string) {
  const session = await sessions.read(token);
  if (session === null) throw new Error('the session should be open');
  return session;
}

describe('a session', () => {
  test('is read back from its token and from a whole Cookie header', async () => {
    const { token, cookie } = await sessions.open(mira);
    const byToken = await onlySession(token);
    expect(byToken.user).toEqual({ id: mira, name: 'Mira', hue: 3 });
    const header = `theme=dark; ${cookie.name}=${cookie.value}; other=1`;
    expect(await sessions.read(header)).toEqual(byToken);
    expect(sessions.tokenIn(header)).toBe(token);
  });

  test('has a cookie that no script, other site or plain connection can read', async () => {
    const { cookie, token } = await sessions.open(mira);
    expect(cookie).toEqual({
      name: '__Host-session',
      value: token,
      attributes: { httpOnly: true, sameSite: 'lax', secure: true, path: '/', maxAge: 30 * 86_400 },
    });
    expect(Buffer.from(token, 'base64url')).toHaveLength(32);
    const plain = createSessions({ db: fresh.db, origin: 'http://127.0.0.1:3000' });
    const opened = await plain.open(mira);
    expect(opened.cookie.name).toBe('session');
    expect(opened.cookie.attributes.secure).toBe(false);
  });

  test('is opened by nothing that the database holds', async () => {
    const { token } = await sessions.open(mira);
    const { session } = await onlySession(token);
    expect(session.id).not.toBe(token);
    const rows = await fresh.db.select({ id: sessionTable.id }).from(sessionTable);
    for (const { id } of rows) {
      expect(await sessions.read(id)).toBeNull();
      expect(await sessions.read(`${sessions.cookieName}=${id}`)).toBeNull();
    }
    const raw = await fresh.db.select().from(sessionTable).where(eq(sessionTable.id, token));
    expect(raw).toEqual([]);
  });

  test.each([
    '',
    null,
    undefined,
    'nonsense',
    'session=',
    '__Host-session=%00',
    '__Host-sessionx=1',
    "' or 1=1 --",
    'x'.repeat(5_000),
  ])('is not opened by %j', async (text) => {
    expect(await sessions.read(text)).toBeNull();
  });

  test('is not opened by the cookie name of a plain connection', async () => {
    const { token } = await sessions.open(mira);
    expect(await sessions.read(`session=${token}`)).toBeNull();
  });
});

describe('the life of a session', () => {
  test('ends thirty days after its last use', async () => {
    const { token } = await sessions.open(mira);
    const { session } = await onlySession(token);
    await fresh.db
      .update(sessionTable)
      .set({ expiresAt: new Date(Date.now() - 1) })
      .where(eq(sessionTable.id, session.id));
    expect(await sessions.read(token)).toBeNull();
    const rows = await fresh.db.select().from(sessionTable).where(eq(sessionTable.id, session.id));
    expect(rows).toEqual([]);
  });

  test('is prolonged by use in its second half, with a cookie to match', async () => {
    const { token } = await sessions.open(mira);
    const first = await onlySession(token);
    expect(first.renewed).toBeNull();
    await fresh.db
      .update(sessionTable)
      .set({ expiresAt: new Date(Date.now() + 10 * DAY_MS) })
      .where(eq(sessionTable.id, first.session.id));
    const second = await onlySession(token);
    expect(second.renewed?.value).toBe(token);
    expect(second.session.expiresAt.getTime()).toBeGreaterThan(Date.now() + 29 * DAY_MS);
  });

  test('ends ninety days after it was opened, however much it is used', async () => {
    const { token } = await sessions.open(mira);
    const { session } = await onlySession(token);
    const openedAt = async (ageMs: number) => {
      const times = {
        createdAt: new Date(Date.now() - ageMs),
        expiresAt: new Date(Date.now() + 29 * DAY_MS),
      };
      await fresh.db.update(sessionTable).set(times).where(eq(sessionTable.id, session.id));
    };
    await openedAt(89 * DAY_MS);
    expect(await sessions.read(token)).not.toBeNull();
    await openedAt(90 * DAY_MS);
    expect(await sessions.list(mira)).not.toContainEqual(
      expect.objectContaining({ id: session.id }),
    );
    expect(await sessions.read(token)).toBeNull();
    await openedAt(0);
    expect(await sessions.read(token)).toBeNull();
  });

  test('ends when it is revoked, alone or with all others of the person', async () => {
    const guest = await becomeGuest({ db: fresh.db, sessions }, 'Jo');
    const second = await sessions.open(guest.user.id);
    const third = await sessions.open(guest.user.id);
    expect(await sessions.list(guest.user.id)).toHaveLength(3);
    await sessions.revoke((await onlySession(second.token)).session.id);
    expect(await sessions.read(second.token)).toBeNull();
    expect(await sessions.read(third.token)).not.toBeNull();
    await sessions.revokeAll(guest.user.id);
    expect(await sessions.read(third.token)).toBeNull();
    expect(await sessions.list(guest.user.id)).toEqual([]);
  });

  test('survives twenty simultaneous renewals', async () => {
    const { token } = await sessions.open(mira);
    const { session } = await onlySession(token);
    await fresh.db
      .update(sessionTable)
      .set({ expiresAt: new Date(Date.now() + DAY_MS) })
      .where(eq(sessionTable.id, session.id));
    const reads = await Promise.all(Array.from({ length: 20 }, () => sessions.read(token)));
    expect(reads.every((read) => read?.user.id === mira)).toBe(true);
  });
});

test('a database that is away is said to be away, and nobody becomes anonymous', async () => {
  const away = openDatabase('postgres://nobody:x@127.0.0.1:59999/none', { log: fresh.log });
  const blind = createSessions({ db: away.db, origin: 'http://127.0.0.1:3000' });
  const failure = await blind.read('a'.repeat(43)).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(Problem);
  expect(failure).toMatchObject({ code: 'unavailable', status: 503 });
  await expect(becomeGuest({ db: away.db, sessions: blind })).rejects.toMatchObject({
    code: 'unavailable',
  });
  await away.close();
});

describe('a guest', () => {
  test('has a name of their own making or of ours, one of eight hues, and a session', async () => {
    const unnamed = await becomeGuest({ db: fresh.db, sessions });
    expect(unnamed.user.name).toMatch(/^Guest [1-9]\d{3}$/u);
    expect(unnamed.user.hue).toBeGreaterThanOrEqual(0);
    expect(unnamed.user.hue).toBeLessThan(8);
    const named = await becomeGuest({ db: fresh.db, sessions }, 'Ana');
    expect((await onlySession(named.token)).user).toEqual(named.user);
  });

  test('can be renamed, and a person who is not there cannot', async () => {
    const { user, token } = await becomeGuest({ db: fresh.db, sessions });
    expect(await renameUser(fresh.db, user.id, 'Lev')).toEqual({ ...user, name: 'Lev' });
    expect((await onlySession(token)).user.name).toBe('Lev');
    await expect(renameUser(fresh.db, userId(crypto.randomUUID()), 'Nobody')).rejects.toMatchObject(
      { code: 'not_found' },
    );
  });
});
