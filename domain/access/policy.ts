// Who may do what. Pure: callers bring the facts, and answer a no with the right error.
import type { UserId } from '../story/ids.ts';

/** Somebody with a session; a guest is one. Null is a visitor who only listens. */
export interface Person {
  readonly id: UserId;
}

/** Anyone may read and hear a story. */
export function mayRead(_person: Person | null): boolean {
  return true;
}

/** Anyone with a session may plant and branch. */
export function mayBranch(person: Person | null): person is Person {
  return person !== null;
}

/** Anyone with a session may write the words of a take. */
export function mayWriteWords(person: Person | null): person is Person {
  return person !== null;
}

/** Only its author may fetch the file as it was uploaded, or see why it failed. */
export function mayReadOriginal(person: Person | null, take: { authorId: UserId }): boolean {
  return person?.id === take.authorId;
}
