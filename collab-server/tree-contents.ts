// Whether a document has everything that is in an update, in time proportional to the update.
import * as Y from 'yjs';

/** False, too, for an update that does not decode. */
export function contains({ sv, ds }: Y.Snapshot, update: Uint8Array): boolean {
  try {
    const decoded = Y.decodeUpdate(update);
    const isWritten = decoded.structs.every(
      (struct) =>
        struct instanceof Y.Skip ||
        (sv.get(struct.id.client) ?? 0) >= struct.id.clock + struct.length,
    );
    return isWritten && isDeletedIn(ds, decoded.ds);
  } catch {
    return false;
  }
}

type DeleteSet = Y.Snapshot['ds'];

function isDeletedIn(all: DeleteSet, some: DeleteSet): boolean {
  for (const [client, ranges] of some.clients) {
    const deleted = all.clients.get(client) ?? [];
    for (const { clock, len } of ranges) {
      const from = lastUpTo(deleted, clock);
      if (from === undefined || from.clock + from.len < clock + len) return false;
    }
  }
  return true;
}

/** The last range that begins at or before a clock; the ranges of a snapshot are in order. */
function lastUpTo<R extends { readonly clock: number }>(
  ranges: readonly R[],
  clock: number,
): R | undefined {
  let [low, high] = [0, ranges.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const range = ranges[middle];
    if (range !== undefined && range.clock <= clock) low = middle + 1;
    else high = middle;
  }
  return ranges[low - 1];
}
