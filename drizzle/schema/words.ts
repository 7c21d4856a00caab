// The history of words: what compaction makes of the log's updates, so that it stays known who
// changed which words when.
import { sql } from 'drizzle-orm';
import {
  bigint,
  check,
  index,
  json,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uuid,
} from 'drizzle-orm/pg-core';
import type { TakeId, UserId } from '#domain/story/ids.ts';
import type { VersionKind } from '#domain/story/words-history.ts';
import type { Marks } from '#domain/story/words-marks.ts';
import { takes } from './stories.ts';

/**
 * One version of a take's words: what one person wrote without a long pause. Those whose updates
 * are still in the log have no row yet.
 */
export const wordsVersions = pgTable(
  'words_versions',
  {
    takeId: uuid()
      .$type<TakeId>()
      .notNull()
      .references(() => takes.id, { onDelete: 'cascade' }),
    /** Its first update's number in the log, which is its own for good. */
    seq: bigint({ mode: 'number' }).notNull(),
    kind: text().$type<VersionKind>().notNull(),
    /** Null for the server. */
    authorId: uuid().$type<UserId>(),
    beganAt: timestamp({ withTimezone: true, precision: 3 }).notNull(),
    endedAt: timestamp({ withTimezone: true, precision: 3 }).notNull(),
    /** When the words ended that it brought back. */
    restores: timestamp({ withTimezone: true, precision: 3 }),
    /**
     * The words when it ended, with what its author changed; null once somebody had it forgotten.
     * Not `jsonb`, which refuses some of the characters that people can type.
     */
    marks: json().$type<Marks>(),
    /** The same brought up to the snapshot, for a version whose author may be writing on. */
    running: json().$type<Marks>(),
  },
  (table) => [
    primaryKey({ columns: [table.takeId, table.seq] }),
    index('words_versions_ended_idx').on(table.takeId, table.endedAt),
    check(
      'words_versions_kind_check',
      sql`${table.kind} in ('published', 'edit', 'restored', 'forgot')`,
    ),
  ],
);

/** Restores that were carried out, by the key of their command: each is carried out once. */
export const wordsRestores = pgTable('words_restores', {
  key: uuid().primaryKey(),
  takeId: uuid()
    .$type<TakeId>()
    .notNull()
    .references(() => takes.id, { onDelete: 'cascade' }),
  userId: uuid().$type<UserId>().notNull(),
  createdAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
});
