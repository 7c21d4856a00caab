import type { LayoutServerLoad } from './$types';
import { countUnread } from '#backend/notifications/inbox.ts';
import { Problem } from '#domain/protocol/problem.ts';
import { context } from '#lib/server/context.ts';

/** Who is here, and how many alerts wait for them. */
export const load: LayoutServerLoad = async ({ locals }) => {
  const { user } = locals;
  if (user === null) return { user, unread: 0 };
  try {
    const { db } = await context();
    return { user, unread: await countUnread(db, user.id) };
  } catch (error) {
    // A page is shown without the number rather than not at all.
    if (error instanceof Problem) return { user, unread: 0 };
    throw error;
  }
};
