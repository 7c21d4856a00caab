// The whole state of a document, encoded once for many newcomers.
import * as Y from 'yjs';

/** The encoding is made anew when what came after it is more than this share of it. */
const STALE_SHARE = 0.1;

/** What brings an empty document up to date: `base`, then `tail` if there is one. */
export interface WholeState {
  readonly base: Uint8Array;
  /** What came since, merged; null if nothing did. */
  readonly tail: Uint8Array | null;
}

/** Encoded states of documents, for as long as those are in memory. */
export class StateCache {
  readonly #states = new WeakMap<Y.Doc, CachedState>();

  /** The document as it is now. The same objects come back while nothing changes. */
  wholeOf(document: Y.Doc): WholeState {
    let state = this.#states.get(document);
    if (state === undefined) {
      state = new CachedState(document);
      this.#states.set(document, state);
    }
    return state.whole();
  }

  /** Has a document encoded anew, so that nothing of what was deleted since is in the next answer. */
  renew(document: Y.Doc): void {
    this.#states.get(document)?.renew();
  }
}

class CachedState {
  readonly #document: Y.Doc;
  #whole: WholeState;
  /** Updates since the encoding, the first of them maybe merged from others. */
  #tail: Uint8Array[] = [];
  #tailBytes = 0;
  #isCurrent = true;

  constructor(document: Y.Doc) {
    this.#document = document;
    this.#whole = this.#encode();
    document.on('update', (update: Uint8Array) => {
      // Most documents have had their last newcomer: they need not keep what is stale anyway.
      if (!this.#isStale()) this.#tail.push(update);
      this.#isCurrent = false;
      this.#tailBytes += update.byteLength;
    });
  }

  whole(): WholeState {
    if (this.#isStale()) this.#whole = this.#encode();
    else if (!this.#isCurrent) this.#whole = { ...this.#whole, tail: this.#mergeTail() };
    this.#isCurrent = true;
    return this.#whole;
  }

  renew(): void {
    this.#tail = [];
    this.#tailBytes = Infinity;
  }

  #isStale(): boolean {
    return this.#tailBytes > STALE_SHARE * this.#whole.base.byteLength;
  }

  #mergeTail(): Uint8Array {
    const merged = this.#tail.length === 1 ? this.#tail[0] : Y.mergeUpdates(this.#tail);
    this.#tail = merged === undefined ? [] : [merged];
    return this.#tail[0] ?? new Uint8Array();
  }

  #encode(): WholeState {
    this.#tail = [];
    this.#tailBytes = 0;
    return { base: Y.encodeStateAsUpdate(this.#document), tail: null };
  }
}
