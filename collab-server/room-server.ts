// Hocuspocus without its store and with an unload of ours. Its own loses acknowledged edits when a
// store fails, and may hand a client a document that is being destroyed.
import { Hocuspocus, type Configuration, type Document } from '@hocuspocus/server';
import type { Entry } from './authenticate.ts';
import type { RoomSocket } from './room-socket.ts';

/** What the hooks know of a connection. */
export interface SocketContext {
  readonly socket: RoomSocket;
  /** What the viewer was let into this document as; there once they were. */
  readonly entry?: Entry;
}

/** How long a document that nobody has open stays in memory, milliseconds: a reload finds it. */
const WARM_MS = 5_000;

export interface RoomServerOptions {
  /** False while a document must stay, because something of it is not committed. */
  readonly mayUnload: (documentName: string) => boolean;
  /** Told about each document that has left memory. */
  readonly onUnloaded: (document: Document) => void;
  readonly warmMs?: number;
}

export class RoomServer extends Hocuspocus<SocketContext> {
  readonly #options: RoomServerOptions;
  readonly #timers = new Map<string, NodeJS.Timeout>();

  constructor(options: RoomServerOptions, settings: Partial<Configuration<SocketContext>>) {
    super(settings);
    this.#options = options;
  }

  /** Nothing is stored from here: the update log has every update already. */
  override storeDocumentHooks(): Promise<void> {
    return Promise.resolve();
  }

  /**
   * Unloads a document some time after it was left. The check and the unload are one synchronous
   * step of a timer: a connection that was just given the document is attached to it before any
   * timer runs, so nobody is left with a destroyed one.
   */
  override unloadDocument(document: Document): Promise<void> {
    clearTimeout(this.#timers.get(document.name));
    const unload = () => this.#unloadNow(document);
    this.#timers.set(document.name, setTimeout(unload, this.#options.warmMs ?? WARM_MS).unref());
    return Promise.resolve();
  }

  /** Looks again at documents that could not be unloaded before. */
  unloadIfLeft(documentNames: Iterable<string>): void {
    for (const name of documentNames) {
      const document = this.documents.get(name);
      if (document !== undefined && document.getConnectionsCount() === 0) {
        void this.unloadDocument(document);
      }
    }
  }

  /** Unloads nothing any more. */
  stopTimers(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  #unloadNow(document: Document): void {
    this.#timers.delete(document.name);
    if (this.documents.get(document.name) !== document) return;
    if (document.getConnectionsCount() > 0 || !this.#options.mayUnload(document.name)) return;
    this.documents.delete(document.name);
    document.destroy();
    this.#options.onUnloaded(document);
  }
}
