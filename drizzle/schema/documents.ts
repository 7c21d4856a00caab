// The append-only log of Yjs updates. What is in it is what "Saved" means.
import { bigint, index, pgTable, text, timestamp } from 'drizzle-orm/pg-core';
import { bytea } from '../columns.ts';

export const documentUpdates = pgTable(
  'document_updates',
  {
    seq: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    /** Document name, as in domain/protocol/room.ts. */
    document: text().notNull(),
    update: bytea().notNull(),
    createdAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [index('document_updates_document_idx').on(table.document, table.seq)],
);
