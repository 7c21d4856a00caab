// What happens to a document between its clients, the update log and Postgres: Hocuspocus' hooks.
import * as v from 'valibot';
import * as Y from 'yjs';
import type {
  beforeSyncPayload,
  connectedPayload,
  onAuthenticatePayload,
} from '@hocuspocus/server';
import type { Logger } from '#backend/log.ts';
import type { Database } from '#backend/postgres/database.ts';
import { publishUpdates, type NewUpdate } from '#backend/postgres/documents.ts';
import { parseRoom, roomName, type ProgressNotice } from '#domain/protocol/room.ts';
import type { NoticePayload } from '#domain/protocol/notices.ts';
import { userIdSchema, type StoryId } from '#domain/story/ids.ts';
import { enter, NoSuchRoom } from './authenticate.ts';
import { ClientIds } from './client-ids.ts';
import { Compactor } from './compactor.ts';
import { DocumentLife } from './document-life.ts';
import { LiveStandings } from './live-standings.ts';
import { Newcomers } from './newcomers.ts';
import { NodeLink } from './node-link.ts';
import type { NodeMessage } from './node-messages.ts';
import { Unparked } from './parked.ts';
import { StateCache } from './state-cache.ts';
import { STEP } from './frames.ts';
import { MAX_FRAME_BYTES } from './guard.ts';
import { Presence } from './presence.ts';
import { PresenceSocket } from './presence-socket.ts';
import { ReaderReplies } from './reader-replies.ts';
import { NotThisPerson } from './refusals.ts';
import { RoomServer, type SocketContext } from './room-server.ts';
import type { FrameTaker } from './room-socket.ts';
import { RoomSocket } from './room-socket.ts';
import { checkSync } from './sync-guard.ts';
import { TreeVisits } from './tree-visits.ts';
import { Trees } from './trees.ts';
import { UpdateLog } from './update-log.ts';
import { FollowedDocuments } from './followed-documents.ts';
import type { Pass } from './usage.ts';
import { Words } from './words.ts';

/** A socket from which nothing came for this long is closed, milliseconds. */
const SILENT_MS = 60_000;

/** Thrown in a hook to end what it guards; empty, because it was logged where it happened. */
class Ended extends Error {
  override readonly name = 'Ended';
}

export interface RoomsOptions {
  readonly db: Database;
  readonly databaseUrl: string;
  readonly log: Logger;
  readonly warmMs?: number;
  /** Where the other nodes are told at once what is committed here; without it they read it. */
  readonly redisUrl?: string | undefined;
}

/** Every document of this process. */
export class Rooms {
  readonly hocuspocus: RoomServer;
  readonly updates: UpdateLog;
  readonly trees: Trees;
  readonly words: Words;
  readonly clientIds: ClientIds;
  readonly #followed: FollowedDocuments;
  readonly standings: LiveStandings;
  readonly #compactor: Compactor;
  readonly #states = new StateCache();
  readonly #unparked = new Unparked();
  readonly #lives: DocumentLife;
  readonly #presence: Presence;
  /** What the other nodes know us by. */
  readonly #node = crypto.randomUUID();
  /** Null if there is no Redis. */
  readonly #link: NodeLink | null;
  readonly #options: RoomsOptions;

  constructor(options: RoomsOptions) {
    const { db, databaseUrl, log, warmMs } = options;
    this.#options = options;
    this.#link = this.#linkTo(options);
    this.#compactor = new Compactor({ db, databaseUrl, log });
    const onLogged = (updates: readonly NewUpdate[]) => this.#compactor.logged(updates);
    this.trees = new Trees({
      databaseUrl,
      log,
      onLogged: (storyId, weight) =>
        this.#compactor.grew(roomName({ kind: 'story', storyId }), weight),
    });
    this.words = new Words({ db, log });
    this.clientIds = new ClientIds({ db, log });
    this.#presence = new Presence({
      ids: this.clientIds,
      tell: (document, own) => this.#link?.present(document, own),
    });
    this.standings = new LiveStandings({
      db,
      log,
      onMoved: (storyId) => this.trees.changed(storyId),
    });
    this.#followed = new FollowedDocuments({ db, log, isSent: () => this.#link?.isUp ?? false });
    this.updates = new UpdateLog({
      append: async (group) => {
        const published = await publishUpdates(db, group, this.#node);
        this.#link?.committed(group, published);
        onLogged(group);
      },
      log,
      onSettled: (documents) => {
        this.words.committed(documents);
        this.hocuspocus.unloadIfLeft(documents);
      },
    });
    this.#lives = new DocumentLife({
      db,
      updates: this.updates,
      trees: this.trees,
      words: this.words,
      followed: this.#followed,
      compactor: this.#compactor,
      unparked: this.#unparked,
      presence: this.#presence,
      link: this.#link,
    });
    this.hocuspocus = this.#serve(warmMs);
  }

  /** Updates of people were committed, here or on another node. */
  committed({ document, node, firstSeq }: NoticePayload<'document_update'>): void {
    if (node === this.#node) return;
    this.#followed.changed(document, firstSeq);
    this.words.heard(document);
  }

  /** Somebody had earlier words of a take forgotten: newcomers get no encoding that has them. */
  forgotten({ takeId }: NoticePayload<'words_forgotten'>): void {
    const document = this.hocuspocus.documents.get(roomName({ kind: 'words', takeId }));
    if (document !== undefined) this.#states.renew(document);
  }

  /** Something of a story was committed. */
  storyChanged(storyId: StoryId): void {
    this.trees.changed(storyId);
    this.standings.changed(storyId);
  }

  /** Notices may have been missed. */
  catchUp(): void {
    this.trees.changedAll();
    this.#followed.changedAll();
    for (const [name, document] of this.hocuspocus.documents) {
      if (parseRoom(name)?.kind === 'words') this.#states.renew(document);
    }
  }

  /**
   * What to ask the sender of a change for that could not be taken whole, because something before
   * it is missing.
   * @returns the document's state vector, or null if the newest change was taken whole or is not
   *   the sender's
   */
  missedBefore(documentName: string, sender: RoomSocket): Uint8Array | null {
    const document = this.hocuspocus.documents.get(documentName);
    if (document === undefined || !this.#unparked.hadGap(document, sender)) return null;
    return Y.encodeStateVector(document);
  }

  /** Who handles some of the frames of one socket before Hocuspocus does. */
  frameTakers(pass: Pass): readonly FrameTaker[] {
    return [
      new TreeVisits(this.trees, pass),
      new Newcomers(this.#states),
      new ReaderReplies(),
      new PresenceSocket(this.#presence),
    ];
  }

  /** What a document that is open has; null if it is not. */
  stateVector(documentName: string): Uint8Array | null {
    const document = this.hocuspocus.documents.get(documentName);
    return document === undefined ? null : Y.encodeStateVector(document);
  }

  /** Tells everybody in a story how far the worker is with a take. */
  announce(storyId: StoryId, notice: ProgressNotice): void {
    const name = roomName({ kind: 'story', storyId });
    this.hocuspocus.documents.get(name)?.broadcastStateless(JSON.stringify(notice));
  }

  /** Commits what waits, then brings the rows up to date. Call when no client writes any more. */
  async stop(): Promise<void> {
    this.hocuspocus.stopTimers();
    this.#presence.stop();
    this.standings.stop();
    this.#link?.stop();
    this.#followed.stop();
    await Promise.all([this.trees.stop(), this.updates.drain()]);
    await this.words.flush();
    await this.#compactor.stop();
  }

  /** Hocuspocus with our hooks. */
  #serve(warmMs?: number): RoomServer {
    return new RoomServer(
      {
        mayUnload: (name) => !this.updates.isPending(name),
        onUnloaded: (document) => this.#lives.close(document),
        ...(warmMs !== undefined && { warmMs }),
      },
      {
        quiet: true,
        timeout: SILENT_MS,
        maxUnauthenticatedQueueSize: 2 * MAX_FRAME_BYTES,
        maxUnauthenticatedQueueMessages: 100,
        maxPendingDocuments: 20,
        onAuthenticate: (asked) => this.#guarded(asked, 'authenticate', () => this.#enter(asked)),
        connected: (entered) => this.#guarded(entered, 'connected', () => this.#connected(entered)),
        onLoadDocument: (asked) =>
          this.#guarded(asked, 'load', () => this.#lives.load(asked.document)),
        beforeSync: (sync) => this.#guarded(sync, 'sync', () => this.#checkSync(sync)),
      },
    );
  }

  #linkTo({ redisUrl, log }: RoomsOptions): NodeLink | null {
    if (redisUrl === undefined) return null;
    const onMessage = (document: string, message: NodeMessage) => this.#heard(document, message);
    const onOpen = (document: string) => this.#presence.connected(document);
    return new NodeLink({ redisUrl, node: this.#node, log, onMessage, onOpen });
  }

  #heard(document: string, message: NodeMessage): void {
    if (message.kind === 'presence') {
      this.#presence.heard(document, message);
      return;
    }
    const { seqs, updates } = message;
    const bytes = updates.map((update) => new Uint8Array(Buffer.from(update, 'base64')));
    this.#followed.sent(document, { seqs, updates: bytes });
  }

  /** @returns what the context of this document's hooks gains */
  async #enter(asked: onAuthenticatePayload<SocketContext>): Promise<Pick<SocketContext, 'entry'>> {
    const { viewer } = asked.context.socket;
    // A page that was open while its person changed must not send what one wrote as the other.
    const writesFor = v.safeParse(userIdSchema, asked.token);
    if (writesFor.success && writesFor.output !== viewer?.id) {
      throw new NotThisPerson('the page writes for somebody else');
    }
    const entry = await enter(this.#options.db, asked.documentName, viewer);
    asked.connectionConfig.readOnly = entry.readOnly;
    return { entry };
  }

  #connected({ context, connection }: connectedPayload<SocketContext>): void {
    const { socket, entry } = context;
    if (entry === undefined) throw new Error(`${connection.document.name}: nobody was let in`);
    socket.enter(connection);
    socket.tellStanding(connection, entry);
    this.standings.add({ socket, connection, entry });
  }

  async #checkSync(sync: beforeSyncPayload<SocketContext>): Promise<void> {
    if (sync.type === STEP.stateVector) return;
    if (this.updates.isFull && !sync.connection.readOnly)
      throw new Error('too much waits to be committed');
    await checkSync(sync, this.clientIds);
  }

  /** Runs a hook; a failure ends the connection it came from and nothing else. */
  async #guarded<T>(on: HookPayload, where: string, run: () => Promise<T> | T): Promise<T> {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof NoSuchRoom)) {
        const context = on.context ?? on.connection?.context;
        context?.socket.refuse(error, where, on.connection?.messageAddress);
      }
      throw new Ended('', { cause: error });
    }
  }
}

interface HookPayload {
  readonly context?: SocketContext | undefined;
  readonly connection?: { readonly context: SocketContext; readonly messageAddress: string };
}
