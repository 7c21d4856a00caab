// What a device keeps, in memory.
import { takeId, userId } from '#domain/story/ids.ts';
import { IdbStore } from '../idb-store.ts';
import type { KeptOrigin } from '../take-origin.ts';
import { TakeShelf } from '../take-shelf.ts';

export const uuid = (digit: number): string =>
  `${String(digit).repeat(8)}-1111-4111-8111-111111111111`;
export const mira = userId(uuid(8));

/** Mira's take number `digit`, a seed. */
export function origin(digit: number, change: Partial<KeptOrigin> = {}): KeptOrigin {
  return {
    takeId: takeId(uuid(digit)),
    userId: mira,
    storyId: null,
    parentId: null,
    slug: null,
    after: '',
    punchSamples: 0,
    sampleRate: 48_000,
    leadFrames: 0,
    compensationFrames: 0,
    capturedAtMs: digit,
    device: '',
    ...change,
  };
}

/** Rows of a device, in memory. */
export function rowsOf(rows = new Map<string, object>()) {
  const change = async (_: string, key: string, to: (row: unknown) => object | null) => {
    const row = to(rows.get(key));
    if (row === null) rows.delete(key);
    else rows.set(key, { ...row, key });
  };
  const under = (prefix: string) =>
    [...rows.keys()].filter((key) => key.startsWith(prefix)).toSorted();
  return {
    rows,
    all: async () => [...rows.values()],
    get: async (_: string, key: string) => rows.get(key),
    change,
    keys: async () => [...rows.keys()],
    under: async (_: string, prefix: string) => under(prefix).map((key) => rows.get(key)),
    removeUnder: async (_: string, prefix: string) => {
      for (const key of under(prefix)) rows.delete(key);
    },
  };
}

/** A shelf of a test's own, and its rows. */
export function shelfOf() {
  const { rows, ...db } = rowsOf();
  return { rows, shelf: new TakeShelf(db, [new IdbStore(rowsOf())]) };
}
