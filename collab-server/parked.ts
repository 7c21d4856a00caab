// What Yjs has parked in a document, because something before it is missing.
import type * as Y from 'yjs';

/** Takes it out of the document; false if there is nothing of that kind. */
export function dropParked({ store }: Y.Doc): boolean {
  if (store.pendingStructs === null && store.pendingDs === null) return false;
  store.pendingStructs = null;
  store.pendingDs = null;
  return true;
}
