// Lost words on this device: they outlive the page, for the person who wrote them.
import * as v from 'valibot';
import { storyIdSchema, takeIdSchema, userId, type StoryId } from '#domain/story/ids.ts';
import { presenceSchema } from '#domain/protocol/room.ts';
import { deviceDb } from '../device/device-db.ts';
import type { LostStore, LostWords } from './lost-words.svelte.ts';

const lostSchema = v.object({
  storyId: storyIdSchema,
  takeId: takeIdSchema,
  person: presenceSchema.entries.user,
  why: v.picklist(['session', 'refused']),
  base: v.nullable(v.string()),
  text: v.string(),
});

/** What this device keeps of the words that were lost in a story. */
export function deviceLost(storyId: StoryId): LostStore {
  return {
    keep: async (lost) => {
      const db = await deviceDb();
      if (db === null) return false;
      const { takeId, person, why, base, text } = lost;
      const row = { storyId, takeId, person: { ...person }, why, base, text };
      await db.change('lost', keyOf(lost), () => row);
      return true;
    },
    forget: async (lost) => {
      const db = await deviceDb();
      await db?.change('lost', keyOf(lost), () => null);
      const { deviceWords } = await import('./kept-words.ts');
      const { takeId, person } = lost;
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

function keyOf({ person, takeId }: LostWords): string {
  return `${person.id}:${takeId}`;
}
