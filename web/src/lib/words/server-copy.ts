// What the server has of a document, as far as this page knows: to tell what it does not have.
import * as Y from 'yjs';
import { wordsOf } from '#domain/story/document.ts';

/** Words that somebody wrote and the server has not acknowledged. */
export interface UnsavedWords {
  /** The words as the server had them; null if this page never learned that. */
  readonly base: string | null;
  readonly text: string;
}

/** Follows a document: told which of its changes came from the server, or were acknowledged. */
export class ServerCopy {
  readonly #of: Y.Doc;
  readonly #copy = new Y.Doc();
  /** The server has acknowledged the document as a whole at least once. */
  #isWhole = false;

  constructor(of: Y.Doc) {
    this.#of = of;
  }

  /** This update came from the server. */
  received(update: Uint8Array): void {
    Y.applyUpdate(this.#copy, update);
  }

  /** The server has all that the document holds. */
  acknowledged(): void {
    this.#isWhole = true;
    const missing = Y.encodeStateAsUpdate(this.#of, Y.encodeStateVector(this.#copy));
    Y.applyUpdate(this.#copy, missing);
  }

  /** What only this page has; null if that changes nothing of the text. */
  unsaved(): UnsavedWords | null {
    const text = wordsOf(this.#of).toJSON();
    const base = wordsOf(this.#copy).toJSON();
    if (this.#isWhole) return base === text ? null : { base, text };
    return text === '' ? null : { base: null, text };
  }

  destroy(): void {
    this.#copy.destroy();
  }
}
