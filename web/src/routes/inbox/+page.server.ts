import type { PageServerLoad } from './$types';
import { readInbox } from '#backend/notifications/inbox.ts';
import { context } from '#lib/server/context.ts';

/** The newest alerts of whoever is here. */
export const load: PageServerLoad = async ({ locals }) => {
  const nowMs = Date.now();
  if (locals.user === null) return { lines: [], nowMs };
  const { db } = await context();
  return { lines: await readInbox(db, locals.user.id), nowMs };
};
