// Files as people sent them, kept whatever becomes of them.
import { index, integer, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core';
import type { UploadId, UserId } from '#domain/story/ids.ts';
import { users } from './accounts.ts';

export const uploads = pgTable(
  'uploads',
  {
    id: uuid().$type<UploadId>().primaryKey(),
    userId: uuid()
      .$type<UserId>()
      .notNull()
      .references(() => users.id, { onDelete: 'restrict' }),
    objectKey: text().notNull().unique(),
    /** The object store's handle of the multipart upload. */
    storeUploadId: text().notNull(),
    /** As announced by the browser; verified against the object before `state` is `complete`. */
    bytes: integer().notNull(),
    sha256: text().notNull(),
    /** As announced; never trusted, only given back with the original. */
    contentType: text().notNull(),
    state: text().$type<'open' | 'complete'>().notNull().default('open'),
    createdAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [index('uploads_user_idx').on(table.userId, table.createdAt)],
);
