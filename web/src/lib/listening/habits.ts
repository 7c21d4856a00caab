// How somebody likes to listen to one story, on this device.
import * as v from 'valibot';
import type { StoryId } from '#domain/story/ids.ts';

const habitSchema = v.object({
  speed: v.optional(v.pipe(v.number(), v.minValue(0.5), v.maxValue(3)), 1),
  skipsSilence: v.optional(v.boolean(), false),
});
export type Habit = v.InferOutput<typeof habitSchema>;

export interface Habits {
  read(): Habit;
  keep(habit: Habit): void;
}

export function habitsOf(storyId: StoryId): Habits {
  const key = `tap-listening:${storyId}`;
  return {
    read() {
      try {
        const kept = v.safeParse(habitSchema, JSON.parse(localStorage.getItem(key) ?? '{}'));
        return kept.success ? kept.output : v.parse(habitSchema, {});
      } catch {
        return v.parse(habitSchema, {});
      }
    },
    keep(habit) {
      try {
        localStorage.setItem(key, JSON.stringify(habit));
      } catch {
        // A private window keeps nothing.
      }
    },
  };
}
