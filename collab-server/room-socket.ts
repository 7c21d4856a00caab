// One client's socket, as Hocuspocus sees it: frames are checked on the way in, and on the way out
// the word "saved" waits until it is true.
import * as decoding from 'lib0/decoding';
import type { Connection, WebSocketLike } from '@hocuspocus/server';
import type { Logger } from '#backend/log.ts';
import {
  CLOSE,
  putOutCodes,
  REFUSED,
  waitReason,
  type PutOut,
  type StandingNotice,
} from '#domain/protocol/room.ts';
import type { Voice } from '#domain/story/take.ts';
import { Acknowledgements, saysSaved } from './acknowledgements.ts';
import type { Entry } from './authenticate.ts';
import { Backlog } from './backlog.ts';
import { closeCodeOf, isFinal } from './close-codes.ts';
import type { Dialect } from './dialect.ts';
import {
  AUTH,
  closeFrame,
  FRAME,
  grantedFrame,
  MalformedFrame,
  readFrame,
  typeOf,
} from './frames.ts';
import { FrameGuard } from './guard.ts';
import { WAIT_S, type Limits } from './limits.ts';
import { TooMuch } from './refusals.ts';
import { SocketDocuments } from './socket-documents.ts';
import type { UpdateLog } from './update-log.ts';
import type { Pass } from './usage.ts';

/** The part of a WebSocket that we use. */
export interface Wire {
  /** @returns the bytes that now wait to leave */
  send(frame: Uint8Array): number;
  /** Bytes that wait to leave. */
  waiting(): number;
  close(code: number, reason: string): void;
  terminate(): void;
}

/** Whoever handles a client's frames: a Hocuspocus `ClientConnection`. */
export interface FrameHandler {
  /** When the client last gave a sign of life, milliseconds: one silent for long is closed. */
  lastMessageReceivedAt: number;
  handleMessage(frame: Uint8Array): void;
  handleClose(event?: { code: number; reason: string }): void;
}

/** Somebody who handles some of the frames before Hocuspocus has them. */
export interface FrameTaker {
  /** True if nobody else need handle the frame. @throws whatever is to end the connection */
  takes(frame: Uint8Array): boolean;
  /** The client was let into a document. */
  enter(entered: Connection): void;
  /** The client is not in the document of an address any more, or was not let into it. */
  leave(address: string): void;
}

export interface RoomSocketOptions {
  readonly wire: Wire;
  readonly dialect: Dialect;
  /** Whose session the socket was opened with; null for a listener. */
  readonly viewer: Voice | null;
  readonly updates: UpdateLog;
  readonly takers: readonly FrameTaker[];
  /** What to ask a sender for whose change, a document's newest, was not taken whole; null if not so. */
  readonly missedBefore: (document: string, sender: RoomSocket) => Uint8Array | null;
  /** The state vector of a document that is open. */
  readonly stateVector: (document: string) => Uint8Array | null;
  /** What is counted for whoever opened the socket. */
  readonly pass: Pass;
  readonly limits: Limits;
  readonly log: Logger;
  readonly now?: () => number;
}

const OPEN = 1;
const CLOSING = 2;

export class RoomSocket implements WebSocketLike {
  readonly viewer: Voice | null;
  readonly #options: RoomSocketOptions;
  readonly #guard = new FrameGuard();
  readonly #documents: SocketDocuments;
  readonly #now: () => number;
  readonly #backlog: Backlog;
  readonly #acknowledgements: Acknowledgements;
  /** Yjs client ids that this socket was the first to use. */
  newClients = 0;
  #handler: FrameHandler | null = null;
  #closed = false;

  constructor(options: RoomSocketOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#documents = new SocketDocuments(options);
    this.#backlog = new Backlog(options.limits.backlog);
    this.#acknowledgements = new Acknowledgements({
      documents: this.#documents,
      updates: options.updates,
      strandedMs: options.limits.strandedMs,
      missedBefore: (document) => options.missedBefore(document, this),
      stateVector: options.stateVector,
      write: (frame) => this.#write(frame),
      now: this.#now,
    });
    this.viewer = options.viewer;
  }

  get isOpen(): boolean {
    return !this.#closed;
  }

  get readyState(): number {
    return this.#closed ? CLOSING : OPEN;
  }

  /** Starts to hand frames over. */
  open(handler: FrameHandler): void {
    this.#handler = handler;
    for (const frame of this.#options.dialect.greetings) handler.handleMessage(frame);
  }

  /** The client was let into a document. */
  enter(entered: Connection): void {
    this.#documents.entered(entered.messageAddress);
    for (const taker of this.#options.takers) taker.enter(entered);
  }

  /** Takes a frame from the client; one that must not reach Yjs ends the connection. */
  receive(bytes: Uint8Array | null): void {
    if (this.#closed) return;
    let frame: Uint8Array | null = null;
    try {
      if (bytes === null) throw new MalformedFrame('text frames are not spoken here');
      if (!this.#options.pass.message(bytes.byteLength)) throw new TooMuch('messages or bytes');
      frame = this.#options.dialect.toServer(bytes);
      this.#documents.named(this.#guard.check(frame).address);
      this.#handOver(frame);
    } catch (error) {
      this.refuse(error, 'receive', frame === null ? '' : addressIn(frame));
    }
  }

  /** The client is gone. */
  gone(code: number, reason: string): void {
    this.#closed = true;
    this.#handler?.handleClose({ code, reason });
  }

  /** The session that the socket was opened with is over. */
  signOut(): void {
    this.#handler?.handleClose({ code: CLOSE.unauthorized, reason: 'signed out' });
    this.close(CLOSE.unauthorized, 'signed out');
  }

  /** Takes a document away from the client, and with its last one the socket. */
  putOut(connection: Connection, why: PutOut): void {
    const code = putOutCodes[why];
    connection.close({ code, reason: why });
    const isOver = why === 'reopen' ? this.#options.dialect.isOneDocument : this.#documents.isEmpty;
    if (isOver) this.close(code, why);
  }

  /** The client may read on, and write no more; what it was told is saved stays so. */
  makeReadOnly(connection: Connection): void {
    connection.readOnly = true;
    this.#documents.writesNoMore(connection.messageAddress);
    this.send(grantedFrame(connection.messageAddress, true));
  }

  /** Tells a client that is in a story's tree what its person is there. */
  tellStanding(connection: Connection, { room, standing }: Entry): void {
    if (room.kind !== 'story') return;
    const notice: StandingNotice = { type: 'standing', ...standing };
    connection.sendStateless(JSON.stringify(notice));
  }

  /**
   * Ends the connection because of a failure; the client is told a reference into the log, and which
   * document the failure is about if sending the same again would be of no use.
   */
  refuse(error: unknown, where: string, address = ''): void {
    const ref = crypto.randomUUID();
    const code = closeCodeOf(error);
    if (isFinal(code) && this.#documents.isIn(address)) this.#write(closeFrame(address, REFUSED));
    const say = code === CLOSE.internal ? 'error' : 'warn';
    this.#options.log[say]({ err: error, ref, where, userId: this.viewer?.id }, 'socket closed');
    this.close(code, code === CLOSE.tooMuch ? waitReason(WAIT_S, ref) : ref);
  }

  /**
   * Ends a connection that is of no use any more: it is in no document, nobody reads it, or what it
   * has to say cannot be saved.
   */
  look(): void {
    const stranded = this.#acknowledgements.askAgain();
    if (stranded !== null) this.refuse(stranded.error, 'sync', stranded.address);
    if (this.#closed) return;
    const { emptyMs } = this.#options.limits;
    const nowMs = this.#now();
    const { emptySinceMs } = this.#documents;
    if (emptySinceMs !== null && nowMs - emptySinceMs > emptyMs) {
      this.close(CLOSE.idle, 'no document is open');
      return;
    }
    const backlogBytes = this.#options.wire.waiting();
    if (this.#backlog.isStuck(backlogBytes, nowMs)) this.#cutOff(backlogBytes);
  }

  send(data: string | ArrayBufferLike | Blob | ArrayBufferView): void {
    if (!(data instanceof Uint8Array)) throw new TypeError('Hocuspocus sends binary frames');
    if (saysSaved(data)) this.#acknowledgements.acknowledge(data);
    else this.#write(data);
    this.#noteLeaving(data);
  }

  /** As `SocketDocuments.syncing`. */
  syncing(address: string, step: number, isWhole: boolean): void {
    this.#documents.syncing(address, step, isWhole);
  }

  close(code: number = CLOSE.internal, reason = ''): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#options.wire.close(code, reason);
  }

  /** What Hocuspocus says to the client tells us which documents it is not in any more. */
  #noteLeaving(data: Uint8Array): void {
    const type = typeOf(data);
    if (type !== FRAME.close && type !== FRAME.auth) return;
    const { address, body } = readFrame(data);
    if (type === FRAME.auth && decoding.readVarUint(body) !== AUTH.denied) return;
    for (const taker of this.#options.takers) taker.leave(address);
    if (type === FRAME.close) return this.#documents.left(address);
    try {
      this.#documents.refused(address);
    } catch (error) {
      this.refuse(error, 'authenticate');
    }
  }

  #handOver(frame: Uint8Array): void {
    if (this.#handler === null) return;
    this.#handler.lastMessageReceivedAt = this.#now();
    if (this.#options.takers.some((taker) => taker.takes(frame))) return;
    this.#handler.handleMessage(frame);
  }

  #write(data: Uint8Array): void {
    const { wire, dialect } = this.#options;
    if (this.#closed) return;
    const outbound = dialect.toClient(data);
    if (outbound === 'dropped') return;
    if (outbound === 'denied') {
      this.close(CLOSE.forbidden, 'permission-denied');
      return;
    }
    const backlogBytes = wire.send(outbound);
    if (this.#backlog.sent(outbound.byteLength, backlogBytes)) this.#cutOff(backlogBytes);
  }

  /** What waits is thrown away; a client that comes back is given what it missed in one answer. */
  #cutOff(backlogBytes: number): void {
    const { wire, log } = this.#options;
    log.warn({ backlogBytes, userId: this.viewer?.id }, 'client too slow, cut off');
    this.#closed = true;
    wire.terminate();
  }
}

/** The address of a frame that may be none. */
function addressIn(frame: Uint8Array): string {
  try {
    return readFrame(frame).address;
  } catch {
    return '';
  }
}
