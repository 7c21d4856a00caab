// What an update deletes: ranges of clocks, and what of a document they fall on.
import * as Y from 'yjs';

/** Ranges of each client's clocks, in order, none of which touch. */
export type Ranges = ReadonlyMap<
  number,
  readonly { readonly clock: number; readonly len: number }[]
>;

/** What may be written down twice and in any order, once and in order. */
export function rangesOf(deleted: Y.Snapshot['ds']): Ranges {
  return Y.mergeDeleteSets([deleted]).clients;
}

/** How many of a client's clocks from one up to, and without, another are deleted. */
export function deletedWithin(ranges: Ranges, client: number, from: number, to: number): number {
  const those = ranges.get(client) ?? [];
  let [low, high] = [0, those.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const range = those[middle];
    if (range !== undefined && range.clock + range.len <= from) low = middle + 1;
    else high = middle;
  }
  let sum = 0;
  for (let range = those[low]; range !== undefined && range.clock < to; range = those[low]) {
    sum += Math.min(to, range.clock + range.len) - Math.max(from, range.clock);
    low += 1;
  }
  return sum;
}

interface Effect {
  /** Units of text, or of what else counts, that would be gone. */
  readonly units: number;
  /** Structs that there would be more: one that is deleted in part is divided. */
  readonly splits: number;
}

/** What deleting would do to a document. */
export function effectOf({ store }: Y.Doc, deleted: Ranges): Effect {
  let [units, splits] = [0, 0];
  for (const [client, ranges] of deleted) {
    const structs = store.clients.get(client) ?? [];
    const known = ranges.filter(({ clock }) => clock < Y.getState(store, client));
    for (const range of known) {
      const inRange = effectOfOne(structs, range.clock, range.clock + range.len);
      units += inRange.units;
      splits += inRange.splits;
    }
  }
  return { units, splits };
}

function effectOfOne(structs: (Y.Item | Y.GC)[], clock: number, end: number): Effect {
  let [units, splits] = [0, 0];
  for (let n = Y.findIndexSS(structs, clock); n < structs.length; n += 1) {
    const item = structs[n];
    if (item === undefined || item.id.clock >= end) break;
    if (!(item instanceof Y.Item) || item.deleted) continue;
    const to = item.id.clock + item.length;
    if (item.countable) units += Math.min(end, to) - Math.max(clock, item.id.clock);
    splits += Number(item.id.clock < clock) + Number(to > end);
  }
  return { units, splits };
}
