// Whose the Yjs client ids of a document are.
import { and, eq, inArray, sql } from 'drizzle-orm';
import type { UserId } from '#domain/story/ids.ts';
import { documentClients } from '#drizzle/schema.ts';
import type { Queryable } from './database.ts';

/** Owner of each client id. */
export type ClientOwners = ReadonlyMap<number, UserId>;

/**
 * Claims client ids of a document for somebody: each goes to whoever claims it first, on whatever
 * node. @returns whose they are now
 */
export async function claimClients(
  db: Queryable,
  document: string,
  clients: readonly number[],
  userId: UserId,
): Promise<ClientOwners> {
  const rows = await db
    .insert(documentClients)
    .values(clients.toSorted((a, b) => a - b).map((clientId) => ({ document, clientId, userId })))
    // Not `do nothing`: that returns no row, and may not even see the one that was in its way.
    .onConflictDoUpdate({
      target: [documentClients.document, documentClients.clientId],
      set: { userId: sql`${documentClients.userId}` },
    })
    .returning({ clientId: documentClients.clientId, userId: documentClients.userId });
  return ownersOf(rows);
}

/** Whose these client ids of a document are; those that nobody claimed are not in the answer. */
export async function readClients(
  db: Queryable,
  document: string,
  clients: readonly number[],
): Promise<ClientOwners> {
  const rows = await db
    .select({ clientId: documentClients.clientId, userId: documentClients.userId })
    .from(documentClients)
    .where(
      and(eq(documentClients.document, document), inArray(documentClients.clientId, [...clients])),
    );
  return ownersOf(rows);
}

function ownersOf(rows: readonly { clientId: number; userId: UserId }[]): ClientOwners {
  return new Map(rows.map(({ clientId, userId }) => [clientId, userId]));
}
