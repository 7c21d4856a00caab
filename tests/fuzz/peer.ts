// One person's tab in a fuzzed story: copies of its documents over either protocol, which it may
// lose the line to and come back.
import type * as Y from 'yjs';
import { connect, connectPlain, type TestPerson } from '../../collab-server/testing/world.ts';

export type Protocol = 'hocuspocus' | 'y-websocket';

interface Copy {
  readonly doc: Y.Doc;
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
    const copy = this.#copies.get(document);
    if (copy === undefined) throw new Error(`${this.name} has not opened ${document}`);
    return copy.doc;
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
    const client = connectPlain(url, document, who);
    return {
      doc: client.doc,
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
