// What becomes of a session cookie on a page, by the hook that every request goes through.
import { channel } from 'node:diagnostics_channel';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RequestEvent } from '@sveltejs/kit';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { becomeGuest } from '#backend/accounts/guests.ts';
import { createSessions, type Sessions } from '#backend/accounts/sessions.ts';
import { freshDatabase, type FreshDatabase } from './harness/database.ts';

const ORIGIN = 'http://127.0.0.1:3000';
let fresh: FreshDatabase;
let folder: string;
let sessions: Sessions;
let handle: typeof import('../web/src/hooks.server.ts').handle;

beforeAll(async () => {
  [fresh, folder] = await Promise.all([freshDatabase(), mkdtemp(join(tmpdir(), 'tap-story-'))]);
  vi.stubEnv('DATABASE_URL', fresh.url);
  vi.stubEnv('DATA_DIR', folder);
  vi.stubEnv('ORIGIN', ORIGIN);
  vi.stubEnv('LINK_SECRET', 's'.repeat(32));
  vi.stubEnv('LOG_LEVEL', 'silent');
  sessions = createSessions({ db: fresh.db, origin: ORIGIN });
  ({ handle } = await import('../web/src/hooks.server.ts'));
});

afterAll(async () => {
  vi.unstubAllEnvs();
  const parts: Promise<void>[] = [];
  channel('tap-story:web:stop').publish(parts);
  await Promise.all(parts);
  await fresh.close();
  await rm(folder, { recursive: true, force: true });
});

/** A page load with a cookie: the cookies that the answer sets, and who the page took it for. */
async function load(cookie: string) {
  const set: Record<string, string> = {};
  const locals: App.Locals = { ref: '', user: null, sessionId: null, isKnown: false };
  const partial: Partial<RequestEvent> = {
    request: new Request(`${ORIGIN}/`, { headers: { cookie } }),
    url: new URL(ORIGIN),
    locals,
    cookies: {
      get: () => undefined,
      getAll: () => [],
      set: (name, value, options) => {
        set[name] = `${value}; Max-Age=${options?.maxAge}`;
      },
      delete: () => undefined,
      serialize: () => '',
      parse: () => ({ name: '', value: '' }),
    },
  };
  const event = partial as RequestEvent;
  const response = await handle({ event, resolve: () => Promise.resolve(new Response('page')) });
  return { set, locals, body: await response.text() };
}

test('a cookie that opens nothing is taken away, so that the next socket is a listener’s', async () => {
  const guest = await becomeGuest({ db: fresh.db, sessions }, 'Mira');
  const cookie = `${guest.cookie.name}=${guest.token}`;
  expect(await load(cookie)).toMatchObject({ set: {}, locals: { user: guest.user } });
  await sessions.revokeAll(guest.user.id);
  for (const dead of [cookie, 'session=forged']) {
    expect(await load(dead)).toEqual({
      set: { session: '; Max-Age=0' },
      locals: expect.objectContaining({ user: null }),
      body: 'page',
    });
  }
});

test('a cookie that cannot be looked up stays, and the page is shown to a stranger', async () => {
  const guest = await becomeGuest({ db: fresh.db, sessions }, 'Mira');
  const cookie = `${guest.cookie.name}=${guest.token}`;
  await fresh.pool.query('alter table sessions rename to sessions_away');
  const answer = await load(cookie);
  await fresh.pool.query('alter table sessions_away rename to sessions');
  expect(answer).toMatchObject({ set: {}, locals: { user: null }, body: 'page' });
  expect((await load(cookie)).locals.user).toEqual(guest.user);
});
