// Who else is here, from the awareness states of a room.
import * as v from 'valibot';
import {
  CROWD_CLIENT_ID,
  crowdSchema,
  presenceSchema,
  type Presence,
} from '#domain/protocol/room.ts';

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

/**
 * How many more are here than those who are named: the server names so many people and counts the
 * rest, and those who listen without a session.
 */
export function unnamedOthers(room: Room, named: readonly Presence[]): number {
  const crowd = v.safeParse(crowdSchema, room.states.get(CROWD_CLIENT_ID));
  if (!crowd.success) return 0;
  const { people, listeners } = crowd.output;
  const ourselves = isSeen(room) ? 1 : 0;
  const isListener = room.ownUserId === null;
  return (
    Math.max(0, people - ourselves - named.length) + Math.max(0, listeners - Number(isListener))
  );
}

/** True if the viewer is among those who are counted as people, in this tab or in another. */
function isSeen({ states, ownUserId }: Room): boolean {
  return [...states.values()].some((state) => {
    const parsed = v.safeParse(presenceSchema, state);
    return parsed.success && parsed.output.user.id === ownUserId;
  });
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

/** The words for those without a face: "and 497 others listening". */
export function moreWords(count: number, faces: number): string {
  if (faces === 0) return count === 1 ? 'one other listening' : `${count} others listening`;
  return count === 1 ? 'and one other listening' : `and ${count} others listening`;
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
