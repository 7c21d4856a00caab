// Following a story, and what followers are told.
import { index, pgTable, primaryKey, text, timestamp, unique, uuid } from 'drizzle-orm/pg-core';
import type { StoryId, TakeId, UserId } from '#domain/story/ids.ts';
import { users } from './accounts.ts';
import { stories, takes } from './stories.ts';

export const follows = pgTable(
  'follows',
  {
    userId: uuid()
      .$type<UserId>()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    storyId: uuid()
      .$type<StoryId>()
      .notNull()
      .references(() => stories.id, { onDelete: 'cascade' }),
    createdAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.userId, table.storyId] }),
    index('follows_story_idx').on(table.storyId),
  ],
);

/** One line of somebody's inbox, written in the transaction that makes the take playable. */
export const notifications = pgTable(
  'notifications',
  {
    id: uuid().primaryKey(),
    userId: uuid()
      .$type<UserId>()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    storyId: uuid()
      .$type<StoryId>()
      .notNull()
      .references(() => stories.id, { onDelete: 'cascade' }),
    takeId: uuid()
      .$type<TakeId>()
      .notNull()
      .references(() => takes.id, { onDelete: 'cascade' }),
    readAt: timestamp({ withTimezone: true }),
    createdAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    unique('notifications_user_take_key').on(table.userId, table.takeId),
    index('notifications_inbox_idx').on(table.userId, table.createdAt),
  ],
);

export const pushSubscriptions = pgTable(
  'push_subscriptions',
  {
    id: uuid().primaryKey(),
    userId: uuid()
      .$type<UserId>()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    endpoint: text().notNull().unique(),
    p256dh: text().notNull(),
    auth: text().notNull(),
    /** The VAPID public key it was made with; another key cannot reach it. */
    vapidPublicKey: text().notNull(),
    createdAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [index('push_subscriptions_user_idx').on(table.userId)],
);

/** Each channel by which a notification left us; its key makes a retried job harmless. */
export const deliveries = pgTable(
  'deliveries',
  {
    notificationId: uuid()
      .notNull()
      .references(() => notifications.id, { onDelete: 'cascade' }),
    /** `onesignal`, or `webpush:<subscription id>`. */
    channel: text().notNull(),
    sentAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.notificationId, table.channel] })],
);
