// A client of one words document, in raw frames, that knows exactly which of its edits were called
// saved. It survives whatever ends its socket, as a page does, and dies when it is told to.
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import * as decoding from 'lib0/decoding';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import { SOCKET_PATH } from '#domain/protocol/room.ts';
import { wordsOf } from '#domain/story/document.ts';
import { authenticationFrame, FRAME, readFrame, STEP, syncFrame, syncIn } from '../frames.ts';
import { headersOf, type TestPerson } from './world.ts';

/** How soon it comes back, milliseconds. */
const RECONNECT_MS = 50;
const REMOTE = Symbol('remote');

interface Sent {
  /** How many tokens the document had when this was sent: its acknowledgement is of all of them. */
  readonly tokens: number;
  readonly atMs: number;
}

export interface TokenWriterOptions {
  readonly url: string;
  readonly document: string;
  readonly who: TestPerson | null;
  /** What its tokens begin with; no two writers of a text have the same. */
  readonly label: string;
}

export class TokenWriter {
  readonly doc = new Y.Doc();
  readonly sent: string[] = [];
  /** From edit to saved, of each edit that was acknowledged by itself, milliseconds. */
  readonly latenciesMs: number[] = [];
  /** Close codes so far. */
  readonly closes: number[] = [];
  readonly #options: TokenWriterOptions;
  #url: string;
  #socket: WebSocket | null = null;
  #unacknowledged: Sent[] = [];
  #savedTokens = 0;
  #isSynced = false;
  #isAlive = true;

  constructor(options: TokenWriterOptions) {
    this.#options = options;
    this.#url = options.url;
    this.doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== REMOTE && this.#isSynced) this.#send(STEP.update, update);
    });
    void this.#stayConnected();
  }

  get saved(): readonly string[] {
    return this.sent.slice(0, this.#savedTokens);
  }

  /** True while it is connected and has all that the server had when it came. */
  get isSynced(): boolean {
    return this.#isSynced;
  }

  get inFlight(): number {
    return this.sent.length - this.#savedTokens;
  }

  text(): string {
    return wordsOf(this.doc).toJSON();
  }

  /** Writes one more token, connected or not. */
  write(): void {
    const token = `${this.#options.label}.${this.sent.length};`;
    this.sent.push(token);
    const text = wordsOf(this.doc);
    // Never within a token: at either end of the text.
    text.insert(this.sent.length % 2 === 0 ? 0 : text.length, token);
  }

  /** Where it connects to from now on. */
  moveTo(url: string): void {
    this.#url = url;
  }

  /** Resolves when the server has read all that was sent, and we what it had answered by then. */
  async roundTrip(): Promise<void> {
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.OPEN) throw new Error('there is no socket');
    const answered = Promise.race([once(socket, 'pong'), once(socket, 'close')]);
    socket.ping();
    await answered;
  }

  /** Cuts the line for good, as a process does that is killed. */
  die(): void {
    this.#isAlive = false;
    this.#socket?.terminate();
  }

  async #stayConnected(): Promise<void> {
    while (this.#isAlive) {
      await this.#connect();
      this.#isSynced = false;
      this.#unacknowledged = [];
      await sleep(RECONNECT_MS);
    }
  }

  /** Resolves when the connection is over. */
  #connect(): Promise<void> {
    const { document, who } = this.#options;
    const socket = new WebSocket(`${this.#url}${SOCKET_PATH}`, { headers: headersOf(who) });
    this.#socket = socket;
    socket.on('error', () => undefined);
    socket.on('open', () => {
      socket.send(authenticationFrame(document));
      socket.send(syncFrame(document, STEP.stateVector, Y.encodeStateVector(this.doc)));
    });
    socket.on('message', (data) => {
      if (Buffer.isBuffer(data)) this.#receive(new Uint8Array(data));
    });
    return new Promise((resolve) => {
      socket.on('close', (code) => {
        this.closes.push(code);
        resolve();
      });
    });
  }

  #receive(bytes: Uint8Array): void {
    const frame = readFrame(bytes);
    if (frame.type === FRAME.syncStatus) {
      this.#acknowledged(decoding.readVarUint(frame.body) === 1);
      return;
    }
    const sync = syncIn(frame);
    if (sync === null) return;
    if (sync.step !== STEP.stateVector) {
      Y.applyUpdate(this.doc, sync.payload, REMOTE);
      return;
    }
    this.#isSynced = true;
    this.#send(STEP.reply, Y.encodeStateAsUpdate(this.doc, sync.payload));
  }

  /** Acknowledgements come in the order of what they are of. */
  #acknowledged(isSaved: boolean): void {
    const sent = this.#unacknowledged.shift();
    if (sent === undefined || !isSaved) return;
    this.#savedTokens = Math.max(this.#savedTokens, sent.tokens);
    this.latenciesMs.push(performance.now() - sent.atMs);
  }

  #send(step: number, update: Uint8Array): void {
    // A token that is being written is in the update, and in `sent`.
    this.#unacknowledged.push({ tokens: this.sent.length, atMs: performance.now() });
    this.#socket?.send(syncFrame(this.#options.document, step, update));
  }
}

/** The value below which this share of the values is; NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
