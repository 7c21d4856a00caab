// What documents that people write need of whoever keeps them on this device; knows no browser.
import type * as Y from 'yjs';
import type { StoryId, TakeId, UserId } from '#domain/story/ids.ts';

/**
 * Whose words of which take, or whose drafts of which story: nobody's edits are ever sent with
 * another person's session.
 */
export interface KeptId {
  readonly userId: UserId;
  readonly storyId: StoryId;
  /** Null for the drafts of the story. */
  readonly takeId: TakeId | null;
}

/** What an open document needs of its copy on the device. */
export interface Kept {
  /** Resolves when the device's copy is in the document, or it turned out that there is none. */
  readonly loaded: Promise<void>;
  /** True once the copy was loaded and held something: the document is not merely empty. */
  readonly known: boolean;
  /** True if the device holds edits of this person that no server has acknowledged. */
  readonly unsaved: boolean;
  /** The parts of the document that such edits are in; see `KeptRoom`. Known once it is loaded. */
  readonly unsavedParts: readonly string[];
  /** True if every edit so far is on the device for certain. */
  readonly safe: boolean;
  /** This person has just changed these parts of the document. */
  edited(update: Uint8Array, parts: readonly string[]): void;
  /** The server has acknowledged all that the document holds. */
  saved(): void;
  close(): void;
  /** Closes it, and lets go of the device's copy. */
  forget(): void;
}

/** Keeps words and drafts on this device. */
export interface WordsKeeper {
  keep(id: KeptId, doc: Y.Doc, onChange: () => void): Kept;
  /** The takes of a story whose words this person has not got saved yet. */
  unsaved(userId: UserId, storyId: StoryId): Promise<TakeId[]>;
  /** Lets go of a copy that is not open. */
  forget(id: KeptId): Promise<void>;
}
