// People and their sessions.
import { index, pgTable, smallint, text, timestamp, uuid } from 'drizzle-orm/pg-core';
import type { UserId } from '#domain/story/ids.ts';

export const users = pgTable('users', {
  id: uuid().$type<UserId>().primaryKey(),
  name: text().notNull(),
  /** Index into the eight voice hues. */
  hue: smallint().notNull(),
  createdAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
});

export const sessions = pgTable(
  'sessions',
  {
    /** SHA-256 of the cookie's token, hex: a dump of this table opens nothing. */
    id: text().primaryKey(),
    userId: uuid()
      .$type<UserId>()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    expiresAt: timestamp({ withTimezone: true }).notNull(),
    createdAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [index('sessions_user_idx').on(table.userId)],
);
