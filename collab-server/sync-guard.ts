// The guard on every update of a document that people write, before Hocuspocus applies it.
import type { beforeSyncPayload, Document } from '@hocuspocus/server';
import { parseRoom } from '#domain/protocol/room.ts';
import { Bucket } from './bucket.ts';
import type { Claim, ClientIds } from './client-ids.ts';
import { STEP } from './frames.ts';
import { DraftShape } from './draft-shape.ts';
import { NotYours, TooMuch } from './refusals.ts';
import { assertCheap } from './rehearsal.ts';
import type { SocketContext } from './room-server.ts';
import { blank, leaveOut, newsOf, withFollowers, type Shape } from './update-guard.ts';
import { WordsShape } from './words-shape.ts';

/** New client ids that one socket may bring: each tab has one, a copy kept offline a few more. */
const CLIENTS_PER_SOCKET = 64;

/** Replies of whoever may only read: one for each question of ours, which follow on theirs. */
const REPLIES = { atOnce: 8, perSecond: 1 } as const;
const repliesOf = new WeakMap<object, Bucket>();

/**
 * Checks a sync message and notes it on its socket. An edit that is refused ends the connection.
 * An edit with a gap before it is made empty, and the client asked for what is missing. From a
 * client's answer to our state vector only what cannot be taken is left out: honest clients have
 * seen edits of others that a node lost before it called them saved, and those are not theirs to
 * bring back. What of their own follows on those is left out as well, until whoever wrote them is
 * back with them: see `RoomSocket.look`.
 * @throws {MalformedFrame | Unfit | NotYours | TooMuch | TooLarge}
 */
export async function checkSync(
  sync: beforeSyncPayload<SocketContext>,
  ids: ClientIds,
): Promise<void> {
  const { document, connection, context, type, payload } = sync;
  const { socket } = context;
  if (connection.readOnly && type === STEP.reply) countReply(connection);
  if (type === STEP.stateVector || connection.readOnly) return;
  const shape = shapeOf(document);
  const news = newsOf(document, payload, shape);
  if (type === STEP.update && news.gapped.length > 0) {
    blank(payload);
    socket.syncing(connection.messageAddress, type, false);
    return;
  }
  const foreign = await foreignOf(sync, news.clients, ids);
  if (type === STEP.update && foreign.length > 0) {
    throw new NotYours(`client ids of somebody else: ${foreign.join(', ')}`);
  }
  let isWhole = true;
  if (foreign.length + news.gapped.length > 0) {
    const left = withFollowers(document, payload, [...foreign, ...news.gapped]);
    leaveOut(payload, left);
    isWhole = left.length === foreign.length;
  }
  const by = writerOf(socket);
  assertCheap(document, payload, news, by);
  shape.assertFits(payload, by);
  socket.syncing(connection.messageAddress, type, isWhole);
}

/**
 * Of those who were made readers later, or are not in yet; see `ReaderReplies` for the others.
 * Hocuspocus looks through the whole document for each. @throws {TooMuch}
 */
function countReply(connection: object): void {
  const replies = repliesOf.get(connection) ?? new Bucket(REPLIES);
  repliesOf.set(connection, replies);
  if (!replies.take(1)) throw new TooMuch('replies of a reader');
}

/** Nobody but who has a session writes; what is unknown is counted as one. */
function writerOf({ viewer }: SocketContext['socket']): string {
  return viewer?.id ?? 'nobody';
}

function shapeOf(document: Document): Shape {
  const isDraft = parseRoom(document.name)?.kind === 'draft';
  return isDraft ? new DraftShape(document) : new WordsShape(document);
}

/** Which of these ids are not the writer's; those that are nobody's yet become theirs. */
export async function foreignOf(
  { document, context }: Pick<beforeSyncPayload<SocketContext>, 'document' | 'context'>,
  clients: readonly number[],
  ids: ClientIds,
): Promise<readonly number[]> {
  const { socket } = context;
  if (socket.viewer === null) return clients;
  const claim: Claim = {
    document,
    clients,
    userId: socket.viewer.id,
    isWanted: () => socket.isOpen,
  };
  socket.newClients += ids.unseen(claim);
  if (socket.newClients > CLIENTS_PER_SOCKET) throw new TooMuch('client ids on one socket');
  return ids.foreign(claim);
}
