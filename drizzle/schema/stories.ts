// Stories, their takes, and the ordered events that the tree document is made from.
import { sql } from 'drizzle-orm';
import {
  bigint,
  check,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
  unique,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import type { Openness } from '#domain/access/policy.ts';
import type { StoryId, TakeId, UploadId, UserId } from '#domain/story/ids.ts';
import type { TakeFailure, TakeKind, TakeTiming } from '#domain/story/take.ts';
import { users } from './accounts.ts';
import { uploads } from './uploads.ts';

export const stories = pgTable(
  'stories',
  {
    id: uuid().$type<StoryId>().primaryKey(),
    slug: text().notNull().unique(),
    title: text().notNull(),
    ownerId: uuid()
      .$type<UserId>()
      .notNull()
      .references(() => users.id, { onDelete: 'restrict' }),
    /** Number of the newest event; the row's lock orders the commands of a story. */
    revision: bigint({ mode: 'number' }).notNull().default(0),
    /** Number of the newest event that may have changed what anybody may do here. */
    standingRevision: bigint({ mode: 'number' }).notNull().default(0),
    /** Since when it is deleted; null for one that is there. */
    deletedAt: timestamp({ withTimezone: true }),
    /** Who may branch: anybody with a session, or members. */
    openness: text().$type<Openness>().notNull().default('open'),
    createdAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    check('stories_openness_check', sql`${table.openness} in ('open', 'members')`),
    index('stories_deleted_idx')
      .on(table.ownerId)
      .where(sql`${table.deletedAt} is not null`),
  ],
);

export const takes = pgTable(
  'takes',
  {
    id: uuid().$type<TakeId>().primaryKey(),
    storyId: uuid()
      .$type<StoryId>()
      .notNull()
      .references(() => stories.id, { onDelete: 'restrict' }),
    parentId: uuid().$type<TakeId>(),
    authorId: uuid()
      .$type<UserId>()
      .notNull()
      .references(() => users.id, { onDelete: 'restrict' }),
    kind: text().$type<TakeKind>().notNull(),
    /** Place on the path's timeline, in samples at 48 kHz; derived by the server alone. */
    startSamples: integer().notNull(),
    /** Null until the worker has decoded an upload whose header gives no length. */
    durationSamples: integer(),
    /** What its recorder knows against its timing; null if nothing is. */
    timing: jsonb().$type<TakeTiming>(),
    status: text().$type<'processing' | 'ready' | 'failed'>().notNull(),
    failure: text().$type<TakeFailure>(),
    /** The upload a voice take was made from; null for a written one. */
    uploadId: uuid()
      .$type<UploadId>()
      .references(() => uploads.id, { onDelete: 'restrict' }),
    /** Mirror of the words document, for reading without a socket. */
    words: text().notNull().default(''),
    /** How many updates of the words document that mirror has taken in. */
    wordsUpdates: integer().notNull().default(0),
    /** How many rows of `likes` it has; counted under the story's row lock. */
    likeCount: integer().notNull().default(0),
    /** Since when it is a tombstone to others; null for one that is shown. */
    hiddenAt: timestamp({ withTimezone: true }),
    createdAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    unique('takes_story_id_key').on(table.storyId, table.id),
    foreignKey({
      name: 'takes_parent_fk',
      columns: [table.storyId, table.parentId],
      foreignColumns: [table.storyId, table.id],
    }).onDelete('restrict'),
    uniqueIndex('takes_one_seed_idx')
      .on(table.storyId)
      .where(sql`${table.parentId} is null`),
    uniqueIndex('takes_upload_idx').on(table.uploadId),
    index('takes_parent_idx').on(table.parentId),
    index('takes_author_idx').on(table.authorId),
    check('takes_kind_check', sql`${table.kind} in ('voice', 'text')`),
    check('takes_status_check', sql`${table.status} in ('processing', 'ready', 'failed')`),
    check(
      'takes_failure_check',
      sql`(${table.status} = 'failed') = (${table.failure} is not null)`,
    ),
    check('takes_upload_check', sql`(${table.kind} = 'voice') = (${table.uploadId} is not null)`),
    check('takes_start_check', sql`${table.startSamples} >= 0`),
    check('takes_duration_check', sql`${table.durationSamples} > 0`),
    check(
      'takes_ready_check',
      sql`${table.status} <> 'ready' or ${table.durationSamples} is not null`,
    ),
  ],
);

/**
 * What an event says of its take; `voice`: that its author has another name. What is about the
 * whole story (`retitled`, `members`, `deleted`) is an event of its seed.
 */
export type StoryEventKind =
  | 'published'
  | 'ingested'
  | 'failed'
  | 'mixed'
  | 'voice'
  | 'retitled'
  | 'members'
  | 'deleted'
  | 'restored'
  | 'hidden'
  | 'shown'
  | 'likes';

/**
 * The outbox of a story: what changed, in commit order without gaps (`stories.revision` is
 * counted under its row lock). Whoever follows a story reads events after the last one it has.
 */
export const storyEvents = pgTable(
  'story_events',
  {
    storyId: uuid()
      .$type<StoryId>()
      .notNull()
      .references(() => stories.id, { onDelete: 'cascade' }),
    revision: bigint({ mode: 'number' }).notNull(),
    /** The take whose facts or state changed. */
    takeId: uuid()
      .$type<TakeId>()
      .notNull()
      .references(() => takes.id, { onDelete: 'cascade' }),
    kind: text().$type<StoryEventKind>().notNull(),
    /** Who did it; null for the worker, and where nobody shall learn it. */
    actorId: uuid().$type<UserId>(),
    /** With `retitled`: the title until then. */
    formerTitle: text(),
    createdAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.storyId, table.revision] })],
);
