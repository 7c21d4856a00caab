// What people are in a story, and which takes they like.
import { sql } from 'drizzle-orm';
import { check, index, pgTable, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core';
import type { MemberRole } from '#domain/access/policy.ts';
import type { StoryId, TakeId, UserId } from '#domain/story/ids.ts';
import { users } from './accounts.ts';
import { stories, takes } from './stories.ts';

/** The roles that an owner gave. The owner is `stories.owner_id` and has no row here. */
export const storyMembers = pgTable(
  'story_members',
  {
    storyId: uuid()
      .$type<StoryId>()
      .notNull()
      .references(() => stories.id, { onDelete: 'cascade' }),
    userId: uuid()
      .$type<UserId>()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    role: text().$type<MemberRole>().notNull(),
    createdAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.storyId, table.userId] }),
    index('story_members_user_idx').on(table.userId),
    check(
      'story_members_role_check',
      sql`${table.role} in ('keeper', 'teller', 'commenter', 'listener')`,
    ),
  ],
);

/** One person likes one take once. */
export const likes = pgTable(
  'likes',
  {
    takeId: uuid()
      .$type<TakeId>()
      .notNull()
      .references(() => takes.id, { onDelete: 'cascade' }),
    userId: uuid()
      .$type<UserId>()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    createdAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.takeId, table.userId] }),
    index('likes_user_idx').on(table.userId),
  ],
);
