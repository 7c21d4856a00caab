// Who else is here, from the awareness states of a room.
import * as v from 'valibot';
import { presenceSchema, type Presence } from '#domain/protocol/room.ts';

/** The room as one of its clients sees it. */
export interface Room {
  /** Awareness states by Yjs client id; whatever a peer sent, unparsed. */
  readonly states: ReadonlyMap<number, unknown>;
  readonly ownClientId: number;
  /** The viewer's user id, or null for somebody who only listens. */
  readonly ownUserId: string | null;
}

/**
 * One entry for each other person, by name, however many tabs they have open. What does not parse
 * is left out; a tab that records speaks for the person.
 */
export function othersPresent(room: Room): Presence[] {
  const people = new Map<string, Presence>();
  for (const [clientId, state] of room.states) {
    if (clientId === room.ownClientId) continue;
    const parsed = v.safeParse(presenceSchema, state);
    if (!parsed.success || parsed.output.user.id === room.ownUserId) continue;
    const known = people.get(parsed.output.user.id);
    if (known === undefined || saysMore(parsed.output, known)) {
      people.set(parsed.output.user.id, parsed.output);
    }
  }
  return [...people.values()].toSorted(byName);
}

/** True if two lists show the same people doing the same, so that nothing has to be redrawn. */
export function samePresence(a: readonly Presence[], b: readonly Presence[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** The faces that fit, people who record first, and the people who are left. */
export function facesOf(
  presence: readonly Presence[],
  limit: number,
): { readonly shown: Presence[]; readonly hidden: Presence[] } {
  const recordersFirst = presence.toSorted(
    (a, b) => Number(isRecording(b)) - Number(isRecording(a)),
  );
  return { shown: recordersFirst.slice(0, limit), hidden: recordersFirst.slice(limit) };
}

function saysMore(presence: Presence, known: Presence): boolean {
  return isRecording(presence) && !isRecording(known);
}

function isRecording({ recordingOver }: Presence): boolean {
  return typeof recordingOver === 'string';
}

function byName(a: Presence, b: Presence): number {
  return a.user.name.localeCompare(b.user.name) || (a.user.id < b.user.id ? -1 : 1);
}
