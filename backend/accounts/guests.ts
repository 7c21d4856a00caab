// Guests: people who record or follow before they have an account. A guest is a real user with a
// real session, so that signing in later only adds to what they are.
import { randomInt, randomUUID } from 'node:crypto';
import { eq, getTableColumns } from 'drizzle-orm';
import { userId, type UserId } from '#domain/story/ids.ts';
import type { Voice } from '#domain/story/take.ts';
import { Problem } from '#domain/protocol/problem.ts';
import { users } from '#drizzle/schema.ts';
import type { Database } from '../postgres/database.ts';
import { whileReachable } from '../postgres/query-error.ts';
import { recordVoice } from '../story/events.ts';
import type { OpenedSession, Sessions } from './sessions.ts';

/** How many voice hues the interface has. */
const HUES = 8;

export interface Guest extends OpenedSession {
  readonly user: Voice;
}

/** Makes a guest, under `name` or one like "Guest 4821", and opens a session for them. */
export async function becomeGuest(
  deps: { db: Database; sessions: Sessions },
  name = `Guest ${randomInt(1_000, 10_000)}`,
): Promise<Guest> {
  const user: Voice = { id: userId(randomUUID()), name, hue: randomInt(HUES) };
  await whileReachable(() => deps.db.insert(users).values(user));
  return { user, ...(await deps.sessions.open(user.id)) };
}

/**
 * Gives somebody another name, and tells the stories in which they have a take.
 * @throws {Problem} `not_found` if there is no such person
 */
export function renameUser(db: Database, id: UserId, name: string): Promise<Voice> {
  return whileReachable(() =>
    db.transaction(async (tx) => {
      const { createdAt: _created, ...voice } = getTableColumns(users);
      const [before] = await tx
        .select(voice)
        .from(users)
        .where(eq(users.id, id))
        .for('no key update');
      if (before === undefined) throw new Problem('not_found', 'This account is gone.');
      if (before.name === name) return before;
      await tx.update(users).set({ name }).where(eq(users.id, id));
      await recordVoice(tx, id);
      return { ...before, name };
    }),
  );
}
