// One client's socket, as Hocuspocus sees it: frames are checked on the way in, and on the way out
// the word "saved" waits until it is true.
import * as decoding from 'lib0/decoding';
import type { Connection, WebSocketLike } from '@hocuspocus/server';
import type { Logger } from '#backend/log.ts';
import { CLOSE } from '#domain/protocol/room.ts';
import type { Voice } from '#domain/story/take.ts';
import type { Dialect } from './dialect.ts';
import { FRAME, MalformedFrame, readFrame, resyncFrame, STEP, typeOf } from './frames.ts';
import { FrameGuard, TooLarge } from './guard.ts';
import type { Newcomers } from './newcomers.ts';
import { NotYours, TooMuch } from './refusals.ts';
import { Unfit } from './update-guard.ts';
import type { UpdateLog } from './update-log.ts';

/** What may wait unsent for a slow client, bytes; beyond it the client is better off resyncing. */
const BACKLOG_BYTES = 16 * 1024 * 1024;

/** The part of a WebSocket that we use. */
export interface Wire {
  /** @returns the bytes that now wait to leave */
  send(frame: Uint8Array): number;
  close(code: number, reason: string): void;
  terminate(): void;
}

/** Whoever handles a client's frames: a Hocuspocus `ClientConnection`. */
export interface FrameHandler {
  handleMessage(frame: Uint8Array): void;
  handleClose(event?: { code: number; reason: string }): void;
}

export interface RoomSocketOptions {
  readonly wire: Wire;
  readonly dialect: Dialect;
  /** Whose session the socket was opened with; null for a listener. */
  readonly viewer: Voice | null;
  readonly updates: UpdateLog;
  readonly newcomers: Newcomers;
  /** Takes out of a document what Yjs has parked in it; null if there is nothing of that kind. */
  readonly dropParked: (document: string) => Uint8Array | null;
  /** The state vector of a document that is open. */
  readonly stateVector: (document: string) => Uint8Array | null;
  readonly log: Logger;
}

const OPEN = 1;
const CLOSING = 2;

export class RoomSocket implements WebSocketLike {
  readonly viewer: Voice | null;
  readonly #options: RoomSocketOptions;
  readonly #guard = new FrameGuard();
  /** The newest sync step of each document that the client was let to take. */
  readonly #steps = new Map<string, number>();
  /** Documents whose newest message was not let through as a whole. */
  readonly #gaps = new Set<string>();
  /** Yjs client ids that this socket was the first to use. */
  newClients = 0;
  #handler: FrameHandler | null = null;
  #closed = false;

  constructor(options: RoomSocketOptions) {
    this.#options = options;
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
    this.#options.newcomers.enter(entered);
  }

  /** Takes a frame from the client; one that must not reach Yjs ends the connection. */
  receive(bytes: Uint8Array | null): void {
    if (this.#closed) return;
    try {
      if (bytes === null) throw new MalformedFrame('text frames are not spoken here');
      const frame = this.#options.dialect.toServer(bytes);
      this.#guard.check(frame);
      if (!this.#options.newcomers.takes(frame)) this.#handler?.handleMessage(frame);
    } catch (error) {
      this.refuse(error, 'receive');
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

  /** Ends the connection because of a failure; the client is told a reference into the log. */
  refuse(error: unknown, where: string): void {
    const ref = crypto.randomUUID();
    const code = closeCodeOf(error);
    const say = code === CLOSE.internal ? 'error' : 'warn';
    this.#options.log[say]({ err: error, ref, where, userId: this.viewer?.id }, 'socket closed');
    this.close(code, ref);
  }

  send(data: string | ArrayBufferLike | Blob | ArrayBufferView): void {
    if (!(data instanceof Uint8Array)) throw new TypeError('Hocuspocus sends binary frames');
    if (saysSaved(data)) this.#acknowledge(data);
    else this.#write(data);
  }

  /**
   * A sync message of the client is about to be applied; its acknowledgement follows.
   * @param isWhole false if something before it is missing, so that it was not let through
   */
  syncing(document: string, step: number, isWhole: boolean): void {
    this.#steps.set(document, step);
    if (isWhole) this.#gaps.delete(document);
    else this.#gaps.add(document);
  }

  close(code: number = CLOSE.internal, reason = ''): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#options.wire.close(code, reason);
  }

  /**
   * Says "saved" once that is true. An update whose predecessors are missing is not applied by
   * Yjs but parked, unlogged, and each one parked makes the next dearer. So it is thrown away and
   * the client asked for all that we lack; the answer to that is then acknowledged in its place.
   * If even the answer has gaps, there is nothing more to ask for, and nothing is called saved.
   */
  #acknowledge(data: Uint8Array): void {
    const { document } = readFrame(data);
    const { dropParked, stateVector } = this.#options;
    const vector = this.#gaps.has(document) ? stateVector(document) : dropParked(document);
    if (vector === null) {
      this.#options.updates.afterCommit(document, () => this.#write(data));
    } else if (this.#steps.get(document) === STEP.update) {
      this.#write(resyncFrame(data, vector));
    }
  }

  #write(data: Uint8Array): void {
    const { wire, dialect, log } = this.#options;
    if (this.#closed) return;
    const outbound = dialect.toClient(data);
    if (outbound === 'dropped') return;
    if (outbound === 'denied') {
      this.close(CLOSE.forbidden, 'permission-denied');
      return;
    }
    const backlogBytes = wire.send(outbound);
    if (backlogBytes <= BACKLOG_BYTES) return;
    log.warn({ backlogBytes, userId: this.viewer?.id }, 'client too slow, cut off');
    this.#closed = true;
    wire.terminate();
  }
}

/** True for the acknowledgement of a write, which must not leave before that write is durable. */
function saysSaved(frame: Uint8Array): boolean {
  if (typeOf(frame) !== FRAME.syncStatus) return false;
  const { body } = readFrame(frame);
  return decoding.readVarUint(body) === 1;
}

function closeCodeOf(error: unknown): number {
  if (error instanceof MalformedFrame) return CLOSE.malformed;
  if (error instanceof NotYours) return CLOSE.notYours;
  if (error instanceof Unfit) return CLOSE.unfit;
  if (error instanceof TooMuch) return CLOSE.tooMuch;
  return error instanceof TooLarge ? CLOSE.tooLarge : CLOSE.internal;
}
