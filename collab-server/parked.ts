// What Yjs has parked in a document, because something before it is missing.
import type * as Y from 'yjs';
import { COMMITTED } from './committed.ts';

/** Takes it out of the document; false if there is nothing of that kind. */
export function dropParked({ store }: Y.Doc): boolean {
  if (store.pendingStructs === null && store.pendingDs === null) return false;
  store.pendingStructs = null;
  store.pendingDs = null;
  return true;
}

/**
 * Parks nothing of what people send: it would be applied to what others send later, and delete edits
 * that nobody has seen yet. It is taken out at the end of the transaction itself, since whoever sent
 * it may be gone before they are answered.
 */
export class Unparked {
  /** Whose change of a document, the newest of all, was not taken whole. */
  readonly #gapOf = new WeakMap<Y.Doc, unknown>();

  /** @param senderOf whoever sent a change, by its origin */
  watch(document: Y.Doc, senderOf: (origin: unknown) => unknown): void {
    document.on('afterTransaction', ({ origin }: Y.Transaction) => {
      this.#gapOf.delete(document);
      if (origin !== COMMITTED && dropParked(document)) this.#gapOf.set(document, senderOf(origin));
    });
  }

  /**
   * True if the newest change of a document is the sender's and something before it was missing, so
   * that it was not taken whole. Who only reads changes nothing, whatever others have sent.
   */
  hadGap(document: Y.Doc, sender: unknown): boolean {
    return this.#gapOf.has(document) && this.#gapOf.get(document) === sender;
  }
}
