// Presence, stamped: whoever a socket says it is, others see who its session says it is.
import * as v from 'valibot';
import { presenceSchema } from '#domain/protocol/room.ts';
import type { Voice } from '#domain/story/take.ts';

/** Longest presence of one client, as JSON: everybody in the room is sent it. */
const MAX_STATE_LENGTH = 2_000;

/** Presence of one client, by its Yjs id. */
export type PresenceStates = Map<number, Record<string, unknown>>;

export interface PresenceUpdate {
  /** What the connection publishes; rewritten in place. */
  readonly states: PresenceStates;
  /** What the document holds already. */
  readonly present: ReadonlyMap<number, Record<string, unknown>>;
  /** The clients that this connection is in the document. */
  readonly owned: ReadonlySet<number>;
  /** Client ids among `states` that are somebody else's. */
  readonly foreign: readonly number[];
  /** Null for somebody without a session, who publishes nothing. */
  readonly viewer: Voice | null;
}

/**
 * Rewrites a presence update to what its sender may say: one entry of their own, and those of
 * their other tabs. Entries of other people, which some clients echo, and entries that do not
 * parse are left out; the rest carry the session's user.
 */
export function stampPresence(update: PresenceUpdate): void {
  const { states, present, owned, foreign, viewer } = update;
  const forbidden = new Set(foreign);
  let room = 1 - owned.size;
  for (const [client, state] of states) {
    const holder = userIdIn(present.get(client));
    const isNew = holder === undefined;
    const isTheirs = !forbidden.has(client) && (isNew ? room > 0 : holder === viewer?.id);
    const stamped =
      viewer !== null && isTheirs ? v.safeParse(presenceSchema, { ...state, user: viewer }) : null;
    if (stamped?.success && JSON.stringify(stamped.output).length <= MAX_STATE_LENGTH) {
      states.set(client, stamped.output);
      if (isNew) room -= 1;
    } else {
      states.delete(client);
    }
  }
}

const holderSchema = v.object({ user: v.object({ id: v.string() }) });

function userIdIn(state: Record<string, unknown> | undefined): string | undefined {
  const holder = v.safeParse(holderSchema, state);
  return holder.success ? holder.output.user.id : undefined;
}
