// What a tree's updates say of themselves, without making a document of them: a tenth of the time,
// and none of the memory.
import { revisionIn } from '#domain/story/document.ts';
import { valuesAt, walkUpdate, type Visitor, type Walked } from './update-walk.ts';

/** The outline of a tree that one Yjs client wrote from its beginning. */
export interface TreeOutline {
  readonly client: number;
  /** How much of the client's there is. */
  readonly clock: number;
  /** As `revisionOf` says of the document. */
  readonly revision: number;
  /** What is deleted, in no order. */
  readonly deleted: readonly Span[];
}

export interface Span {
  readonly clock: number;
  readonly len: number;
}

/**
 * Reads updates in their order. Null if more has to be known than they say by themselves: they have
 * gaps, come from several writers, as those of a tree that was mended do, or hold no tree.
 */
export function outlineOf(updates: readonly Uint8Array[]): TreeOutline | null {
  const reading = new Reading();
  try {
    return updates.every((update) => walkUpdate(update, reading)) ? reading.outline() : null;
  } catch {
    // Whoever makes a document of it will say what is wrong.
    return null;
  }
}

class Reading implements Visitor {
  #client = -1;
  #clock = 0;
  /** Where the newest values are. */
  #newest: { readonly update: Uint8Array; readonly at: number } | null = null;
  readonly #deleted: Span[] = [];

  /** False for what does not follow on what was read. */
  struct(struct: Walked, update: Uint8Array): boolean {
    const { client, clock, names, isSkip } = struct;
    if (this.#client === -1) this.#client = client;
    if (client !== this.#client || clock !== this.#clock || isSkip) return false;
    this.#clock += struct.length;
    if (struct.valuesAt !== -1) this.#newest = { update, at: struct.valuesAt };
    return this.#isNamed(names, 0) && this.#isNamed(names, 2) && this.#isNamed(names, 4);
  }

  deletion(client: number, clock: number, len: number): boolean {
    if (client !== this.#client || clock + len > this.#clock) return false;
    this.#deleted.push({ clock, len });
    return true;
  }

  outline(): TreeOutline | null {
    const revision = this.#revision();
    if (revision === null) return null;
    return { client: this.#client, clock: this.#clock, revision, deleted: this.#deleted };
  }

  /** What was written last has the highest, as only one wrote; none if it was deleted, or is a voice. */
  #revision(): number | null {
    if (this.#newest === null) return null;
    const { update, at } = this.#newest;
    return revisionIn(valuesAt(update, at).at(-1));
  }

  /** True if a name is of something that was read, or there is none. */
  #isNamed(names: readonly number[], at: number): boolean {
    const client = names[at] ?? -1;
    return client === -1 || (client === this.#client && (names[at + 1] ?? -1) < this.#clock);
  }
}
