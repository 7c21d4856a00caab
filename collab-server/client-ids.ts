// Whose each Yjs client id is. Whoever writes under another's id makes that person's own edits
// vanish, even in their own copy: so an id is bound to the first person who uses it, for good.
import type { Document } from '@hocuspocus/server';
import type { Logger } from '#backend/log.ts';
import type { Database } from '#backend/postgres/database.ts';
import { claimClients, readClients } from '#backend/postgres/document-clients.ts';
import type { UserId } from '#domain/story/ids.ts';
import { SERVER_CLIENT_ID } from './committed.ts';
import { untilDone } from './retry.ts';

/** What is remembered of a document's ids; beyond it the oldest are looked up again. */
const REMEMBERED = 20_000;

/** Somebody who wants to use client ids in a document. */
export interface Claim {
  readonly document: Document;
  readonly clients: readonly number[];
  readonly userId: UserId;
  /** False once the answer is of no use: nobody waits for it. */
  readonly isWanted: () => boolean;
}

/**
 * Ids are claimed in Postgres before the first update under them is applied, so that no node can
 * be told otherwise; after that the answer is in memory. Ids that are in a document and nobody's
 * stay nobody's, and the server's is the server's.
 */
export class ClientIds {
  readonly #options: { readonly db: Database; readonly log: Logger };
  readonly #owners = new WeakMap<Document, Map<number, UserId | null>>();

  constructor(options: { readonly db: Database; readonly log: Logger }) {
    this.#options = options;
  }

  /** How many of these ids the document has not seen before: each costs a row, and memory. */
  unseen({ document, clients }: Pick<Claim, 'document' | 'clients'>): number {
    const owners = this.#of(document);
    return clients.filter((id) => !owners.has(id)).length;
  }

  /**
   * Claims ids and says which of them are not the claimer's. While Postgres is away, ids that are
   * not known here wait for it. @throws if the claim is not wanted any more
   */
  async foreign(claim: Claim): Promise<readonly number[]> {
    const owners = this.#of(claim.document);
    const unknown = claim.clients.filter((id) => !owners.has(id));
    if (unknown.length > 0) await this.#settle(claim, unknown, owners);
    return claim.clients.filter((id) => owners.get(id) !== claim.userId);
  }

  /** The same for a document that nobody writes: ids are bound while it is in memory. */
  foreignHere({ document, clients, userId }: Omit<Claim, 'isWanted'>): readonly number[] {
    const owners = this.#of(document);
    for (const id of clients) if (!owners.has(id)) this.#remember(owners, id, userId);
    return clients.filter((id) => owners.get(id) !== userId);
  }

  #of(document: Document): Map<number, UserId | null> {
    let owners = this.#owners.get(document);
    if (owners === undefined) {
      owners = new Map([[SERVER_CLIENT_ID, null]]);
      this.#owners.set(document, owners);
    }
    return owners;
  }

  async #settle(
    { document, userId, isWanted }: Claim,
    unknown: readonly number[],
    owners: Map<number, UserId | null>,
  ): Promise<void> {
    const { db, log } = this.#options;
    const isWritten = (id: number) => document.store.clients.has(id);
    const written = unknown.filter(isWritten);
    const fresh = unknown.filter((id) => !isWritten(id));
    let isDone = false;
    const settle = async () => {
      if (written.length > 0) {
        const found = await readClients(db, document.name, written);
        for (const id of written) this.#remember(owners, id, found.get(id) ?? null);
      }
      if (fresh.length > 0) {
        const found = await claimClients(db, document.name, fresh, userId);
        for (const [id, owner] of found) this.#remember(owners, id, owner);
      }
      isDone = true;
    };
    await untilDone(settle, {
      isWanted: () => !isDone && isWanted(),
      onFailure: (error, failures) =>
        log.warn({ err: error, document: document.name, failures }, 'client ids not claimed yet'),
    });
    if (!isDone) throw new Error('nobody waits for the claim any more');
  }

  #remember(owners: Map<number, UserId | null>, id: number, owner: UserId | null): void {
    owners.set(id, owner);
    if (owners.size <= REMEMBERED) return;
    for (const oldest of owners.keys()) {
      if (oldest === SERVER_CLIENT_ID) continue;
      owners.delete(oldest);
      return;
    }
  }
}
