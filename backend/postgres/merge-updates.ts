// One state out of many updates.
import * as Y from 'yjs';

/**
 * The state that updates lead to, in their order. What they deleted is not in it, and what waits
 * for something that none of them has is.
 */
export function mergeIntoState(updates: readonly Uint8Array[]): Uint8Array {
  const doc = new Y.Doc();
  try {
    doc.transact(() => {
      for (const update of updates) Y.applyUpdate(doc, update);
    });
    return Y.encodeStateAsUpdate(doc);
  } finally {
    doc.destroy();
  }
}
