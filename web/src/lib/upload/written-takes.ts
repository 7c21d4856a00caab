// Takes that were written on this device: those that wait for the line to be published, and drafts
// of whoever had no session when they wrote. Drafts of a person are a document: lib/drafts.
import * as v from 'valibot';
import { storyIdSchema, takeIdSchema, userIdSchema } from '#domain/story/ids.ts';
import type { TakeId } from '#domain/story/ids.ts';
import { deviceDb, type DeviceDb, type DeviceTable } from '../device/device-db.ts';

const writtenTakeSchema = v.object({
  /** Minted once, and the same however often the take is sent. */
  takeId: takeIdSchema,
  /** Whose it is; null for somebody who had no session yet. */
  userId: v.nullable(userIdSchema),
  storyId: storyIdSchema,
  parentId: takeIdSchema,
  /** Whose take it follows. */
  after: v.string(),
  words: v.string(),
  /** The name of the guest to be, if nobody had a session. */
  name: v.string(),
  /** True if its author chose the name for themselves, not only for a guest to be. */
  renames: v.optional(v.boolean(), false),
  /** When it was last changed, milliseconds since the epoch. */
  atMs: v.number(),
});
export type WrittenTake = v.InferOutput<typeof writtenTakeSchema>;

/** Where written takes are kept; what it resolves to is on the device. */
export interface WrittenTakes {
  /** Oldest first. */
  drafts(): Promise<WrittenTake[]>;
  /** Oldest first. */
  waiting(): Promise<WrittenTake[]>;
  keepDraft(take: WrittenTake): Promise<void>;
  dropDraft(take: WrittenTake): Promise<void>;
  /** Makes a take wait for the line. */
  queue(take: WrittenTake): Promise<void>;
  /** The take is published, or given up. */
  dequeue(takeId: TakeId): Promise<void>;
}

/** The written takes of this browser; null where it keeps nothing. */
export async function deviceWrittenTakes(): Promise<WrittenTakes | null> {
  const db = await deviceDb();
  return db === null ? null : writtenTakesIn(db);
}

/** The written takes that a device's tables hold. */
export function writtenTakesIn(db: Pick<DeviceDb, 'all' | 'change'>): WrittenTakes {
  const read = async (table: DeviceTable): Promise<WrittenTake[]> => {
    const takes = (await db.all(table)).flatMap((row) => {
      const parsed = v.safeParse(writtenTakeSchema, row);
      return parsed.success ? [parsed.output] : [];
    });
    return takes.toSorted((a, b) => a.atMs - b.atMs);
  };
  return {
    drafts: () => read('drafts'),
    waiting: () => read('waiting'),
    keepDraft: async (take) => {
      await db.change('drafts', take.takeId, () => take);
      await dropOldRow(db, take);
    },
    dropDraft: async (take) => {
      await db.change('drafts', take.takeId, () => null);
      await dropOldRow(db, take);
    },
    queue: (take) => db.change('waiting', take.takeId, () => take),
    dequeue: (takeId) => db.change('waiting', takeId, () => null),
  };
}

/** Changes them; false if that is not on the device: a browser that keeps nothing stops nobody. */
export async function onDevice(change: (takes: WrittenTakes) => Promise<void>): Promise<boolean> {
  try {
    const takes = await deviceWrittenTakes();
    if (takes !== null) await change(takes);
    return takes !== null;
  } catch {
    return false;
  }
}

/** Drafts had one row for each parent once: a row of that time goes with its own take alone. */
async function dropOldRow(
  db: Pick<DeviceDb, 'change'>,
  { storyId, parentId, takeId }: WrittenTake,
): Promise<void> {
  await db.change('drafts', `${storyId}:${parentId}`, (row) => {
    const parsed = v.safeParse(writtenTakeSchema, row);
    return parsed.success && parsed.output.takeId !== takeId ? parsed.output : null;
  });
}
