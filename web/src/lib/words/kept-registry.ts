// Which words and drafts this device keeps, and which of them hold what the server has not
// acknowledged.
import * as v from 'valibot';
import { storyIdSchema, takeIdSchema, userIdSchema } from '#domain/story/ids.ts';
import type { DeviceDb } from '../device/device-db.ts';
import type { KeptId } from './words-keeper.ts';

/** Words that are saved and were closed this long ago are forgotten, milliseconds. */
export const KEEP_CLOSED_MS = 7 * 24 * 60 * 60 * 1_000;

/**
 * Edits that the server has not acknowledged: the number of the last one, by the tab that made it,
 * and by tab and part of the document where it has parts.
 */
const unsavedSchema = v.record(v.string(), v.number());
export type Unsaved = v.InferOutput<typeof unsavedSchema>;

const entrySchema = v.object({
  key: v.string(),
  userId: userIdSchema,
  storyId: storyIdSchema,
  takeId: v.nullable(takeIdSchema),
  unsaved: unsavedSchema,
  touchedMs: v.number(),
});
export type KeptEntry = v.InferOutput<typeof entrySchema>;

/** The name of the IndexedDB that holds a document. */
export function keptName({ userId, storyId, takeId }: KeptId): string {
  return takeId === null
    ? `tap-story-drafts:${userId}:${storyId}`
    : `tap-story-words:${userId}:${takeId}`;
}

/** What edits of a tab are noted under: all of them, or those of one part of the document. */
export function unsavedKey(tab: string, part?: string): string {
  return part === undefined ? tab : `${tab} ${part}`;
}

/** The parts of the document that hold what is unsaved. */
export function partsOf(unsaved: Unsaved): string[] {
  return [...new Set(Object.keys(unsaved).flatMap((key) => key.split(' ').slice(1)))];
}

/**
 * What is still unsaved after the server has acknowledged a document that held all of `loaded`
 * and whatever `tab` did itself: what other tabs did since.
 */
export function stillUnsaved(now: Unsaved, loaded: Unsaved, tab: string): Unsaved {
  return Object.fromEntries(
    Object.entries(now).filter(([by, edit]) => by.split(' ')[0] !== tab && loaded[by] !== edit),
  );
}

/** True if a document may be forgotten: saved, and closed for long. */
export function isStale(entry: KeptEntry, nowMs: number): boolean {
  return Object.keys(entry.unsaved).length === 0 && nowMs - entry.touchedMs > KEEP_CLOSED_MS;
}

export class KeptRegistry {
  readonly #db: DeviceDb;
  readonly #now: () => number;

  constructor(db: DeviceDb, now: () => number = Date.now) {
    this.#db = db;
    this.#now = now;
  }

  async entries(): Promise<KeptEntry[]> {
    const rows = await this.#db.all('words');
    return rows.flatMap((row) => {
      const parsed = v.safeParse(entrySchema, row);
      return parsed.success ? [parsed.output] : [];
    });
  }

  async find(id: KeptId): Promise<KeptEntry | null> {
    const name = keptName(id);
    return (await this.entries()).find(({ key }) => key === name) ?? null;
  }

  /** Notes what became of the unsaved edits of a document; resolves once that is on the device. */
  note(id: KeptId, change: (unsaved: Unsaved) => Unsaved): Promise<void> {
    return this.#db.change('words', keptName(id), (row) => {
      const parsed = v.safeParse(entrySchema, row);
      const unsaved = change(parsed.success ? parsed.output.unsaved : {});
      return { ...id, unsaved, touchedMs: this.#now() };
    });
  }

  forget(key: string): Promise<void> {
    return this.#db.change('words', key, () => null);
  }
}
