// One person's presence, stamped: whoever a client says it is, others see who its session says.
import * as v from 'valibot';
import { presenceSchema, type Presence } from '#domain/protocol/room.ts';
import type { Voice } from '#domain/story/take.ts';

/** Longest presence of one client, bytes of JSON: everybody in the room is sent it. */
const MAX_BYTES = 1_500;

/** What others are told of somebody. */
export interface PresenceEntry {
  readonly userId: string;
  /** Records or has a caret: more to be seen than others. */
  readonly isActive: boolean;
  readonly presence: Presence;
  /** The same as JSON. */
  readonly json: string;
}

export function entryOf(presence: Presence): PresenceEntry {
  const { user, recordingOver, caret } = presence;
  const isActive = Boolean(recordingOver) || Boolean(caret);
  return { userId: user.id, isActive, presence, json: JSON.stringify(presence) };
}

/**
 * What a viewer says, with the user of their session and nothing that the schema does not know;
 * null if it does not parse or is longer than any honest one.
 */
export function stampedEntry(json: Uint8Array, viewer: Voice): PresenceEntry | null {
  if (json.byteLength > MAX_BYTES) return null;
  const said = v.safeParse(v.pipe(v.string(), v.parseJson(), v.looseObject({})), textOf(json));
  if (!said.success) return null;
  const user = { id: viewer.id, name: viewer.name, hue: viewer.hue };
  const stamped = v.safeParse(presenceSchema, { ...said.output, user });
  return stamped.success ? entryOf(stamped.output) : null;
}

/** True of what a client says who wants to be seen no more. */
export function isWithdrawn(json: Uint8Array): boolean {
  return json.byteLength === 4 && textOf(json) === 'null';
}

function textOf(json: Uint8Array): string {
  return new TextDecoder().decode(json);
}
