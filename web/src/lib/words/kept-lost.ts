// Lost words on this device: they outlive the page, for the person who wrote them.
import * as v from 'valibot';
import { storyIdSchema, takeIdSchema, userId, type StoryId } from '#domain/story/ids.ts';
import { presenceSchema } from '#domain/protocol/room.ts';
import { deviceDb } from '../device/device-db.ts';
import type { LostStore } from './lost-words.svelte.ts';

const lostSchema = v.object({
  id: v.string(),
  storyId: storyIdSchema,
  takeId: takeIdSchema,
  person: presenceSchema.entries.user,
  /** Rows of before drafts could be lost have none. */
  over: v.optional(v.nullable(takeIdSchema), null),
  why: v.picklist(['session', 'refused', 'gone']),
  base: v.nullable(v.string()),
  text: v.string(),
});

/** What this device keeps of the words that were lost in a story. */
export function deviceLost(storyId: StoryId): LostStore {
  return {
    keep: async (lost) => {
      const db = await deviceDb();
      if (db === null) return false;
      const { id, takeId, over, person, why, base, text } = lost;
      const row = { id, storyId, takeId, over, person: { ...person }, why, base, text };
      await db.change('lost', id, () => row);
      return true;
    },
    forget: async ({ id }) => {
      const db = await deviceDb();
      await db?.change('lost', id, () => null);
    },
    forgetDocument: async ({ takeId, person }) => {
      const { deviceWords } = await import('./kept-words.ts');
      await deviceWords.forget({ storyId, takeId, userId: userId(person.id) });
    },
    of: async (personId) => {
      const db = await deviceDb();
      const rows = db === null ? [] : await db.all('lost');
      return rows.flatMap((row) => {
        const parsed = v.safeParse(lostSchema, row);
        if (!parsed.success) return [];
        const { storyId: story, ...lost } = parsed.output;
        return story === storyId && lost.person.id === personId
          ? [{ ...lost, keptHere: true }]
          : [];
      });
    },
  };
}
