// The line to the other nodes over Redis: fast, and not relied upon. Without it, or while it is
// down, nodes learn from Postgres what the others committed.
import type { Logger } from '#backend/log.ts';
import type { NewUpdate, Published } from '#backend/postgres/documents.ts';
import { RedisBus } from '#backend/redis/bus.ts';
import type { OwnPresence } from './presence-room.ts';
import { channelOf, readMessage, writeMessage, type NodeMessage } from './node-messages.ts';

export interface NodeLinkOptions {
  readonly redisUrl: string;
  /** What the other nodes know us by, a UUID. */
  readonly node: string;
  readonly log: Logger;
  /** Told what other nodes say about a document that is open here. */
  readonly onMessage: (document: string, message: NodeMessage) => void;
  /** Told whenever a document of ours can be heard, at first and after Redis was away. */
  readonly onOpen: (document: string) => void;
}

export class NodeLink {
  readonly #options: NodeLinkOptions;
  readonly #bus: RedisBus;

  constructor(options: NodeLinkOptions) {
    this.#options = options;
    this.#bus = new RedisBus(options.redisUrl, options.log);
  }

  /** True if what other nodes commit is likely to be heard over this line. */
  get isUp(): boolean {
    return this.#bus.isConnected;
  }

  /** Hears what is said about a document until it is closed. */
  open(document: string): void {
    const { node, onMessage, onOpen } = this.#options;
    this.#bus.subscribe(channelOf(document), {
      onMessage: (text) => {
        const message = readMessage(text);
        if (message.node !== node) onMessage(document, message);
      },
      onSubscribed: () => onOpen(document),
    });
  }

  close(document: string): void {
    this.#bus.unsubscribe(channelOf(document));
  }

  /** Sends updates, which must be committed, to the nodes that have their documents open. */
  committed(updates: readonly NewUpdate[], published: readonly Published[]): void {
    const { node } = this.#options;
    const byDocument = Map.groupBy(updates, ({ document }) => document);
    for (const { document, seqs } of published) {
      const own = byDocument.get(document) ?? [];
      this.#send(document, {
        kind: 'updates',
        node,
        seqs: [...seqs],
        updates: own.map(({ update }) => Buffer.from(update).toString('base64')),
      });
    }
  }

  /** Says who has a document open here. */
  present(document: string, own: OwnPresence): void {
    this.#send(document, { kind: 'presence', node: this.#options.node, ...own });
  }

  stop(): void {
    this.#bus.close();
  }

  #send(document: string, message: NodeMessage): void {
    const text = writeMessage(message);
    if (text !== null) this.#bus.publish(channelOf(document), text);
  }
}
