// Who may do what. Pure: callers bring the facts, and answer a no with the right error.
import * as v from 'valibot';
import type { UserId } from '../story/ids.ts';

/** Somebody with a session; a guest is one. Null is a visitor who only listens. */
export interface Person {
  readonly id: UserId;
}

/** What somebody can be in a story, from most to least. A story has one owner, who planted it. */
export const roles = ['owner', 'keeper', 'teller', 'commenter', 'listener'] as const;
export type Role = (typeof roles)[number];

/** What the owner can make of somebody: anything but an owner. */
export const memberRoleSchema = v.picklist(['keeper', 'teller', 'commenter', 'listener']);
export type MemberRole = v.InferOutput<typeof memberRoleSchema>;

/** Who may branch a story: anybody with a session, or its members alone. */
export const opennessSchema = v.picklist(['open', 'members']);
export type Openness = v.InferOutput<typeof opennessSchema>;

/** `own`: on takes of one's own. `open`: on those, and in an open story on everybody's. */
type Grant = 'yes' | 'no' | 'own' | 'open';

/** Every act, and what each role may: the whole policy. */
export const matrix = {
  listen: { owner: 'yes', keeper: 'yes', teller: 'yes', commenter: 'yes', listener: 'yes' },
  like: { owner: 'yes', keeper: 'yes', teller: 'yes', commenter: 'yes', listener: 'no' },
  branch: { owner: 'yes', keeper: 'yes', teller: 'yes', commenter: 'no', listener: 'no' },
  writeWords: { owner: 'yes', keeper: 'yes', teller: 'open', commenter: 'no', listener: 'no' },
  /** Read who changed which words when, and what was deleted from them. */
  readHistory: { owner: 'yes', keeper: 'yes', teller: 'open', commenter: 'own', listener: 'own' },
  /** Have earlier words forgotten for good. */
  forgetWords: { owner: 'yes', keeper: 'yes', teller: 'own', commenter: 'own', listener: 'own' },
  /** Hide a take, and show it again. */
  hide: { owner: 'yes', keeper: 'yes', teller: 'own', commenter: 'own', listener: 'own' },
  /** Hear and read a take that is hidden. */
  seeHidden: { owner: 'yes', keeper: 'yes', teller: 'own', commenter: 'own', listener: 'own' },
  retitle: { owner: 'yes', keeper: 'yes', teller: 'no', commenter: 'no', listener: 'no' },
  /** Say who may branch, and who is what. */
  govern: { owner: 'yes', keeper: 'no', teller: 'no', commenter: 'no', listener: 'no' },
  /** Delete the story, and bring it back. */
  remove: { owner: 'yes', keeper: 'no', teller: 'no', commenter: 'no', listener: 'no' },
} as const satisfies Record<string, Record<Role, Grant>>;
export type Act = keyof typeof matrix;

/** What somebody is in a story. */
export interface Standing {
  readonly role: Role;
  readonly openness: Openness;
}

/**
 * The standing of somebody. A role that was given counts, more or less as it may be; without one,
 * whoever has a session tells in an open story and listens in any other.
 */
export function standingOf(
  person: Person | null,
  story: { readonly ownerId: UserId; readonly openness: Openness },
  given: MemberRole | null,
): Standing {
  const { ownerId, openness } = story;
  if (person === null) return { role: 'listener', openness };
  if (person.id === ownerId) return { role: 'owner', openness };
  return { role: given ?? (openness === 'open' ? 'teller' : 'listener'), openness };
}

/**
 * True if somebody of this standing may do that.
 * @param isAuthor whether the take that it is done to is their own
 */
export function may(act: Act, { role, openness }: Standing, isAuthor = false): boolean {
  const grant: Grant = matrix[act][role];
  switch (grant) {
    case 'yes':
      return true;
    case 'no':
      return false;
    case 'own':
      return isAuthor;
    case 'open':
      return isAuthor || openness === 'open';
  }
}

/** True if somebody may hear and read a take: one that is hidden is heard by few. */
export function mayHear(
  person: Person | null,
  standing: Standing,
  take: { readonly authorId: UserId; readonly hidden: boolean },
): boolean {
  return !take.hidden || may('seeHidden', standing, person?.id === take.authorId);
}

/** Only its author may fetch the file as it was uploaded, or see why it failed. */
export function mayReadOriginal(person: Person | null, take: { authorId: UserId }): boolean {
  return person?.id === take.authorId;
}
