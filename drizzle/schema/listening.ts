// Where people are in the stories that they listen to.
import { check, integer, pgTable, primaryKey, timestamp, uuid } from 'drizzle-orm/pg-core';
import { sql } from 'drizzle-orm';
import type { StoryId, TakeId, UserId } from '#domain/story/ids.ts';
import { users } from './accounts.ts';
import { stories, takes } from './stories.ts';

/** The newest place of one person in one story, whichever device it came from. */
export const listeningPositions = pgTable(
  'listening_positions',
  {
    userId: uuid()
      .$type<UserId>()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    storyId: uuid()
      .$type<StoryId>()
      .notNull()
      .references(() => stories.id, { onDelete: 'cascade' }),
    /** The end of the path that was listened to. */
    leafId: uuid()
      .$type<TakeId>()
      .notNull()
      .references(() => takes.id, { onDelete: 'cascade' }),
    /** On that path's timeline, in samples. */
    positionSamples: integer().notNull(),
    /** When the listener was there, by their own clock, and never later than ours. */
    heardAt: timestamp({ withTimezone: true }).notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.userId, table.storyId] }),
    check('listening_positions_position_check', sql`${table.positionSamples} >= 0`),
  ],
);
