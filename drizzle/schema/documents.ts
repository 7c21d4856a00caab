// The append-only log of Yjs updates, and the snapshots that it is compacted into. What is in them
// is what "Saved" means.
import { sql, type SQL } from 'drizzle-orm';
import {
  type AnyPgColumn,
  bigint,
  index,
  integer,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uuid,
} from 'drizzle-orm/pg-core';
import type { UserId } from '#domain/story/ids.ts';
import { bytea } from '../columns.ts';
import { users } from './accounts.ts';

/** True for the documents that `draft:<user>:<story>` names. */
export function isDraft(document: AnyPgColumn): SQL {
  return sql`${document} like 'draft:%'`;
}

export const documentUpdates = pgTable(
  'document_updates',
  {
    seq: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    /** Document name, as in domain/protocol/room.ts. */
    document: text().notNull(),
    update: bytea().notNull(),
    /**
     * Who wrote it; null for the server. Names no row: an edit must not take a lock on a person's,
     * and says who it was for as long as the log is kept.
     */
    userId: uuid().$type<UserId>(),
    /** When the words ended that this update brought back; null for any other edit. */
    restores: timestamp({ withTimezone: true }),
    createdAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    index('document_updates_document_idx').on(table.document, table.seq),
    // For the sweep of drafts that nobody can open any more: words and trees do not pay for it.
    index('document_updates_drafts_idx').on(table.document).where(isDraft(table.document)),
  ],
);

/**
 * What compaction made of the oldest updates of a document; those in the log come on top of it.
 * `state` is stored out of line and uncompressed: it is read whole, and its length without it.
 */
export const documentSnapshots = pgTable(
  'document_snapshots',
  {
    document: text().primaryKey(),
    state: bytea().notNull(),
    /** Highest `seq` in it. A lower one that was committed later is still in the log. */
    throughSeq: bigint({ mode: 'number' }).notNull(),
    /** How many updates it took in, all told: with those in the log, how many there ever were. */
    updates: integer().notNull().default(0),
    updatedAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    index('document_snapshots_drafts_idx').on(table.document).where(isDraft(table.document)),
  ],
);

/**
 * Whose each Yjs client id of a document is. Claimed before the first update under it is applied,
 * so every id in `document_updates` is here, the server's own excepted.
 */
export const documentClients = pgTable(
  'document_clients',
  {
    /** Document name, as in domain/protocol/room.ts. */
    document: text().notNull(),
    clientId: bigint({ mode: 'number' }).notNull(),
    userId: uuid()
      .$type<UserId>()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
  },
  (table) => [primaryKey({ columns: [table.document, table.clientId] })],
);
