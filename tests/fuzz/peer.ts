// One person's tab in a fuzzed story: copies of its documents over either protocol, which it may
// lose the line to and come back.
import type * as Y from 'yjs';
import { connect, connectPlain, type TestPerson } from '../../collab-server/testing/world.ts';

export type Protocol = 'hocuspocus' | 'y-websocket';

interface Copy {
  readonly doc: Y.Doc;
  /** Codes with which the server closed it, in their order. */
  readonly closes: readonly number[];
  /** False while the line is down, or the document not there yet. */
  isSynced(): boolean;
  leave(): void;
  comeBack(): void;
  destroy(): void;
}

export interface PeerOptions {
  readonly name: string;
  readonly who: TestPerson;
  readonly protocol: Protocol;
  /** Where its node is found, whatever becomes of the node. */
  readonly url: string;
}

export class Peer {
  readonly name: string;
  readonly who: TestPerson;
  readonly #options: PeerOptions;
  readonly #copies = new Map<string, Copy>();
  isAway = false;

  constructor(options: PeerOptions) {
    this.name = options.name;
    this.who = options.who;
    this.#options = options;
  }

  open(document: string): void {
    this.#copies.set(document, copyOf(this.#options, document));
  }

  doc(document: string): Y.Doc {
    return this.#copy(document).doc;
  }

  /** How a copy stands with its server, for whoever looks at what went wrong. */
  standing(document: string): string {
    const copy = this.#copy(document);
    const { pendingStructs, pendingDs } = copy.doc.store;
    const waits = pendingStructs !== null || pendingDs !== null;
    const codes = copy.closes.filter((code) => code >= 4_000).join();
    const is = copy.isSynced() ? 'synced' : 'not synced';
    return `${is}${waits ? ', waits for what it lacks' : ''}${codes && `, closed with ${codes}`}`;
  }

  #copy(document: string): Copy {
    const copy = this.#copies.get(document);
    if (copy === undefined) throw new Error(`${this.name} has not opened ${document}`);
    return copy;
  }

  leave(): void {
    this.isAway = true;
    for (const copy of this.#copies.values()) copy.leave();
  }

  comeBack(): void {
    this.isAway = false;
    for (const copy of this.#copies.values()) copy.comeBack();
  }

  destroy(): void {
    for (const copy of this.#copies.values()) copy.destroy();
  }
}

function copyOf({ protocol, url, who }: PeerOptions, document: string): Copy {
  if (protocol === 'y-websocket') {
    // By itself it stays away for good after any code of ours, even one that asks it to wait.
    const client = connectPlain(url, document, who, { shouldReconnect: () => true });
    const closes: number[] = [];
    client.provider.on('connection-close', (event) => closes.push(event?.code ?? 0));
    return {
      doc: client.doc,
      closes,
      isSynced: () => client.provider.wsconnected && client.provider.synced,
      leave: () => client.provider.disconnect(),
      comeBack: () => client.provider.connect(),
      destroy: () => client.destroy(),
    };
  }
  const client = connect(url, document, who);
  const { websocketProvider } = client.provider.configuration;
  let isAway = false;
  // It does not connect while the socket that it left still closes: whoever was back by then.
  websocketProvider.on('disconnect', () => {
    if (!isAway && !websocketProvider.shouldConnect) void websocketProvider.connect();
  });
  return {
    doc: client.doc,
    closes: client.closes,
    isSynced: () => client.provider.isSynced,
    leave: () => {
      isAway = true;
      websocketProvider.disconnect();
    },
    comeBack: () => {
      isAway = false;
      void websocketProvider.connect();
    },
    destroy: () => {
      isAway = true;
      client.destroy();
    },
  };
}
