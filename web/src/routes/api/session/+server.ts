import { json } from '@sveltejs/kit';
import type { RequestHandler } from './$types';
import { becomeGuest, renameUser } from '#backend/accounts/guests.ts';
import { sessionSchema, type Entered } from '#domain/protocol/commands.ts';
import { context } from '#lib/server/context.ts';
import { endpoint, personOf, readBody } from '#lib/server/endpoint.ts';

/** Become a guest, under the name if one is given; whoever has a session keeps it and their name. */
export const POST: RequestHandler = endpoint(async (event) => {
  const { name } = await readBody(event.request, sessionSchema);
  const { db, sessions } = await context();
  const { user } = event.locals;
  if (user !== null) return json({ user, isNew: false } satisfies Entered);
  const guest = await becomeGuest({ db, sessions }, name);
  event.cookies.set(guest.cookie.name, guest.cookie.value, guest.cookie.attributes);
  return json({ user: guest.user, isNew: true } satisfies Entered, { status: 201 });
});

/** Take another name. */
export const PATCH: RequestHandler = endpoint(async (event) => {
  const { name } = await readBody(event.request, sessionSchema);
  const user = personOf(event);
  const { db } = await context();
  return json({ user: name === undefined ? user : await renameUser(db, user.id, name) });
});

/** End this session. */
export const DELETE: RequestHandler = endpoint(async (event) => {
  const { sessions } = await context();
  const { sessionId } = event.locals;
  if (sessionId !== null) await sessions.revoke(sessionId);
  const blank = sessions.blank();
  event.cookies.set(blank.name, blank.value, blank.attributes);
  return new Response(null, { status: 204 });
});
