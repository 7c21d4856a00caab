// What a document is connected to from its loading until it has left memory: the log, the other
// nodes, the rows that follow it.
import * as Y from 'yjs';
import { isTransactionOrigin, type Document } from '@hocuspocus/server';
import type { Database } from '#backend/postgres/database.ts';
import { readUpdates } from '#backend/postgres/documents.ts';
import { parseRoom, type Room } from '#domain/protocol/room.ts';
import type { UserId } from '#domain/story/ids.ts';
import { NoSuchRoom } from './authenticate.ts';
import { COMMITTED } from './committed.ts';
import type { Compactor } from './compactor.ts';
import type { FollowedDocuments } from './followed-documents.ts';
import { hastenLoneEdits } from './lone-edits.ts';
import type { NodeLink } from './node-link.ts';
import type { Unparked } from './parked.ts';
import type { Presence } from './presence.ts';
import { RoomSocket } from './room-socket.ts';
import type { Trees } from './trees.ts';
import type { UpdateLog } from './update-log.ts';
import type { Words } from './words.ts';

export interface DocumentLifeOptions {
  readonly db: Database;
  readonly updates: UpdateLog;
  readonly trees: Trees;
  readonly words: Words;
  readonly followed: FollowedDocuments;
  readonly compactor: Compactor;
  readonly unparked: Unparked;
  readonly presence: Presence;
  /** Null if there is no Redis. */
  readonly link: NodeLink | null;
}

export class DocumentLife {
  readonly #options: DocumentLifeOptions;

  constructor(options: DocumentLifeOptions) {
    this.#options = options;
  }

  /** Fills a document, and follows it from then on. @throws {NoSuchRoom} */
  async load(document: Document): Promise<void> {
    const { link, presence, trees, compactor, unparked, updates } = this.#options;
    const { name } = document;
    const room = parseRoom(name);
    if (room === null) throw new NoSuchRoom();
    link?.open(name);
    try {
      if (room.kind === 'story') await trees.open(room.storyId, document);
      else await this.#openFollowed(room, document);
    } catch (error) {
      link?.close(name);
      presence.close(name);
      throw error;
    }
    // What was loaded is no news: everybody who comes in is given it.
    document.flush();
    compactor.look(name);
    unparked.watch(document, senderOf);
    // Hocuspocus' onChange runs a microtask late: the acknowledgement would overtake the log.
    document.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== COMMITTED) updates.append(name, update, writerOf(origin));
    });
    // Only then, so that whatever happens while an edit is sent, the log has it.
    hastenLoneEdits(document);
  }

  /** The document has left memory. */
  close(document: Document): void {
    const { link, presence, trees, compactor, followed } = this.#options;
    presence.close(document.name);
    compactor.forget(document.name);
    const room = parseRoom(document.name);
    if (room?.kind === 'story') trees.close(room.storyId, document);
    else followed.close(document.name, document);
    link?.close(document.name);
  }

  /** A document that people write: what they commit on other nodes is brought here. */
  async #openFollowed(room: Exclude<Room, { kind: 'story' }>, document: Document): Promise<void> {
    const { db, followed, words } = this.#options;
    followed.open(document.name, document);
    try {
      if (room.kind === 'words') await words.open(room.takeId, document);
      else await readInto(db, document);
    } catch (error) {
      followed.close(document.name, document);
      throw error;
    }
  }
}

/** Whose connection an update came over; null for none of anybody's. */
function writerOf(origin: unknown): UserId | null {
  return senderOf(origin)?.viewer?.id ?? null;
}

/** The socket that an update came over; null for none. */
function senderOf(origin: unknown): RoomSocket | null {
  if (!isTransactionOrigin(origin) || origin.source !== 'connection') return null;
  const { webSocket } = origin.connection;
  return webSocket instanceof RoomSocket ? webSocket : null;
}

/** Fills a document with what the log has of it. */
async function readInto(db: Database, document: Document): Promise<void> {
  const logged = await readUpdates(db, document.name);
  document.transact(() => {
    for (const { update } of logged) Y.applyUpdate(document, update);
  }, COMMITTED);
}
