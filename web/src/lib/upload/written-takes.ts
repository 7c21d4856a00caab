// Takes that were written on this device: those that wait for the line to be published, and drafts
// of whoever had no session when they wrote. Drafts of a person are a document: lib/drafts.
import * as v from 'valibot';
import { storyIdSchema, takeIdSchema, userIdSchema } from '#domain/story/ids.ts';
import type { TakeId } from '#domain/story/ids.ts';
import { deviceDb, type DeviceTable } from '../device/device-db.ts';

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
  /** The name to publish it under. */
  name: v.string(),
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
  /** Keeps a draft: one for each parent. */
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
  if (db === null) return null;
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
    keepDraft: (take) => db.change('drafts', draftKey(take), () => take),
    dropDraft: (take) => db.change('drafts', draftKey(take), () => null),
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

function draftKey({ storyId, parentId }: WrittenTake): string {
  return `${storyId}:${parentId}`;
}
