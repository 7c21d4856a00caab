// Paths that somebody wants to keep as one file: each is made once, and kept for a day.
import { sql } from 'drizzle-orm';
import {
  bigint,
  check,
  index,
  jsonb,
  pgTable,
  real,
  text,
  timestamp,
  uuid,
} from 'drizzle-orm/pg-core';
import type { ExportFormat, ExportSpec } from '#domain/media/export-spec.ts';
import type { TakeId, UserId } from '#domain/story/ids.ts';
import { users } from './accounts.ts';
import { takes } from './stories.ts';

export const pathExports = pgTable(
  'path_exports',
  {
    id: uuid().primaryKey(),
    /** SHA-256 of the spec's key text: whoever may hear the same gets the same file. */
    keySha256: text().notNull().unique(),
    /** The last take of the path. */
    takeId: uuid()
      .$type<TakeId>()
      .notNull()
      .references(() => takes.id, { onDelete: 'cascade' }),
    format: text().$type<ExportFormat>().notNull(),
    /** Everything that decides the file's bytes, as it was when it was asked for. */
    spec: jsonb().$type<ExportSpec>().notNull(),
    requestedBy: uuid()
      .$type<UserId>()
      .references(() => users.id, { onDelete: 'set null' }),
    requestedAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
    state: text().$type<'waiting' | 'working' | 'ready' | 'failed'>().notNull().default('waiting'),
    /** Share done, 0 to 1. */
    done: real().notNull().default(0),
    /** The file, once it is there. */
    objectKey: text(),
    bytes: bigint({ mode: 'number' }),
    /** When it is over: the file goes, or the failure is forgotten. */
    until: timestamp({ withTimezone: true }),
  },
  (table) => [
    index('path_exports_person_idx').on(table.requestedBy, table.requestedAt),
    check('path_exports_format_check', sql`${table.format} in ('flac', 'm4a', 'mp3', 'stems')`),
    check(
      'path_exports_state_check',
      sql`${table.state} in ('waiting', 'working', 'ready', 'failed')`,
    ),
    check(
      'path_exports_ready_check',
      sql`(${table.state} = 'ready') = (${table.objectKey} is not null)
        and (${table.objectKey} is null) = (${table.bytes} is null)`,
    ),
    check(
      'path_exports_until_check',
      sql`(${table.state} in ('ready', 'failed')) = (${table.until} is not null)`,
    ),
  ],
);
