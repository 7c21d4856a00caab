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
  readonly #hadGaps = new WeakSet<Y.Doc>();

  watch(document: Y.Doc): void {
    document.on('afterTransaction', ({ origin }: Y.Transaction) => {
      this.#hadGaps.delete(document);
      if (origin !== COMMITTED && dropParked(document)) this.#hadGaps.add(document);
    });
  }

  /** True if something before the newest change of a document was missing, so that it was not taken whole. */
  hadGap(document: Y.Doc): boolean {
    return this.#hadGaps.has(document);
  }
}
