// What an update would cost Yjs, before the document has it. An item finds its place by a walk over
// all that others put between its neighbours: updates of a few hundred kilobytes can be made for
// which that takes minutes, each time that the document is read.
import * as Y from 'yjs';
import { Bucket } from './bucket.ts';
import type { Struct } from './decode-update.ts';
import { TooLarge } from './guard.ts';
import { TooMuch } from './refusals.ts';
import { Unfit, type News } from './update-guard.ts';

/** Structs of a document. Each is at most some 100 bytes, but for the text that there may be. */
export const MAX_STRUCTS = 50_000;
/** Steps of walks for a document from nothing: about a tenth of a second. */
const MAX_STEPS = 1_000_000;
/**
 * Steps that a document may have gained at most since they were last counted: the largest is
 * counted once in a hundred characters.
 */
const UNCOUNTED_STEPS = 5_000_000;
/**
 * How often one person has one document copied, which takes tens of milliseconds for the largest,
 * and how often all do: whoever spends theirs costs the others nothing, and many are not much.
 */
const COPIES = {
  each: { atOnce: 30, perSecond: 1 },
  all: { atOnce: 240, perSecond: 8 },
} as const;
/** People whose copies are counted by themselves; beyond it the longest known are strangers again. */
const MOST_COUNTED = 200;

interface Known {
  /** More steps than were added since they were counted. */
  uncounted: number;
  readonly copies: Bucket;
  readonly copiesOf: Map<string, Bucket>;
}

const records = new WeakMap<Y.Doc, Known>();

function recordOf(document: Y.Doc): Known {
  const known = records.get(document);
  if (known !== undefined) return known;
  const fresh = {
    uncounted: structsOf(document) ** 2,
    copies: new Bucket(COPIES.all),
    copiesOf: new Map<string, Bucket>(),
  };
  records.set(document, fresh);
  return fresh;
}

/**
 * Notes that a document is copied to find out what an update would do.
 * @param by whose update it is
 * @throws {TooMuch}
 */
export function countCopy(document: Y.Doc, by: string): void {
  const { copies, copiesOf } = recordOf(document);
  const own = copiesOf.get(by) ?? new Bucket(COPIES.each);
  copiesOf.set(by, own);
  const [longest] = copiesOf.keys();
  if (copiesOf.size > MOST_COUNTED && longest !== undefined) copiesOf.delete(longest);
  // Their own first: what is refused for it is not taken from the others.
  if (!own.take(1) || !copies.take(1)) throw new TooMuch('changes of a large document');
}

/**
 * Refuses an update that would make a document dear, for now or for ever. No item can walk over
 * more than all others, so that most updates need no closer look; else the walks are counted on
 * a copy, in the order in which a reader makes them.
 * @param by whose update it is
 * @throws {TooLarge | Unfit | TooMuch}
 */
export function assertCheap(document: Y.Doc, update: Uint8Array, news: News, by: string): void {
  const added = news.structs + news.splits;
  if (added === 0) return;
  const present = structsOf(document);
  // Whoever only deletes makes a document no larger for long.
  if (news.structs > 0 && present + news.structs > MAX_STRUCTS) {
    throw new TooLarge(`a document may have ${MAX_STRUCTS} structs`);
  }
  const known = recordOf(document);
  const steps = added * (present + added);
  if (known.uncounted + steps <= UNCOUNTED_STEPS) {
    known.uncounted += steps;
    return;
  }
  countCopy(document, by);
  assertFewSteps([Y.encodeStateAsUpdate(document), update]);
  known.uncounted = 0;
}

function structsOf({ store }: Y.Doc): number {
  let sum = 0;
  for (const structs of store.clients.values()) sum += structs.length;
  return sum;
}

/** @throws {Unfit} if updates, one after the other, make Yjs walk too far */
export function assertFewSteps(updates: readonly Uint8Array[], most = MAX_STEPS): void {
  const copy = new Y.Doc();
  const steps = new Steps(most);
  try {
    for (const update of updates) {
      const { structs } = Y.decodeUpdate(update);
      copy.transact((transaction) => new Integration(transaction, structs, steps).run());
      // What is left of it is what it deletes.
      Y.applyUpdate(copy, update);
    }
  } finally {
    copy.destroy();
  }
}

/** Integrates structs as Yjs does: those of a client in order, and what they hang on before them. */
class Integration {
  readonly #transaction: Y.Transaction;
  readonly #steps: Steps;
  /** By client, the first of them last. */
  readonly #waiting = new Map<number, Struct[]>();
  #done = 0;

  constructor(transaction: Y.Transaction, structs: readonly Struct[], steps: Steps) {
    this.#transaction = transaction;
    this.#steps = steps;
    for (const struct of structs.toReversed()) {
      const those = this.#waiting.get(struct.id.client);
      if (those === undefined) this.#waiting.set(struct.id.client, [struct]);
      else those.push(struct);
    }
  }

  run(): void {
    for (const client of [...this.#waiting.keys()].toSorted((a, b) => b - a)) this.#finish(client);
  }

  /** Integrates what there is of a client. What hangs on something missing is left out. */
  #finish(first: number): void {
    /** Clients who wait for the next one, and what was done when they began to be waited for. */
    const begun = new Map([[first, this.#done]]);
    const way = [first];
    for (let client = way.at(-1); client !== undefined; client = way.at(-1)) {
      const missing = this.#advance(client);
      if (missing !== null && this.#waiting.has(missing) && !begun.has(missing)) {
        begun.set(missing, this.#done);
        way.push(missing);
        continue;
      }
      const isStuck = missing === null || !begun.has(missing) || begun.get(client) === this.#done;
      if (isStuck || way.length === 1) this.#waiting.delete(client);
      begun.delete(client);
      way.pop();
    }
  }

  /** @returns the client whose structs have to come first; null at the end of this one's */
  #advance(client: number): number | null {
    const those = this.#waiting.get(client) ?? [];
    const { doc } = this.#transaction;
    for (let struct = those.at(-1); struct !== undefined; struct = those.at(-1)) {
      const offset = Y.getState(doc.store, client) - struct.id.clock;
      if (struct instanceof Y.Skip || offset < 0) return null;
      if (offset < struct.length) {
        const missing = struct.getMissing(this.#transaction, doc.store);
        if (missing !== null) return missing;
        if (struct instanceof Y.Item) this.#place(struct, offset);
        struct.integrate(this.#transaction, offset);
        this.#done += 1;
      }
      those.pop();
    }
    return null;
  }

  #place(item: Y.Item, offset: number): void {
    const { doc } = this.#transaction;
    const parent: unknown = item.parent;
    // Decoded by itself, an item has the name of its root.
    if (typeof parent === 'string') item.parent = doc.get(parent);
    if (item.parent instanceof Y.AbstractType) this.#steps.walk(item, doc, offset);
  }
}

/** Counts the steps of the walk in `Item.integrate` of Yjs, before it is taken. */
class Steps {
  readonly #most: number;
  #taken = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** @param offset how much of the item is there already */
  walk(item: Y.Item, doc: Y.Doc, offset: number): void {
    const { client, clock } = item.id;
    const before = offset > 0 ? Y.createID(client, clock + offset - 1) : null;
    const origin = before ?? item.origin;
    const left = before === null ? item.left : Y.getItem(doc.store, before);
    const passed = new Set<Y.Item>();
    const first = this.#firstAfter(left, item);
    for (let at = first; at !== null && at !== item.right; at = at.right) {
      this.#step();
      passed.add(at);
      if (Y.compareIDs(origin, at.origin)) {
        if (at.id.client >= client && Y.compareIDs(item.rightOrigin, at.rightOrigin)) break;
      } else if (at.origin === null || !passed.has(Y.getItem(doc.store, at.origin))) {
        break;
      }
    }
  }

  #firstAfter(left: Y.Item | null, { parent, parentSub }: Y.Item): Y.Item | null {
    // What Yjs calls its own is the only way to the first item that may be deleted.
    /* oxlint-disable no-underscore-dangle */
    if (left !== null) return left.right;
    if (!(parent instanceof Y.AbstractType)) return null;
    if (parentSub === null) return parent._start;
    let at = parent._map.get(parentSub) ?? null;
    /* oxlint-enable no-underscore-dangle */
    for (; at !== null && at.left !== null; at = at.left) this.#step();
    return at;
  }

  #step(): void {
    this.#taken += 1;
    if (this.#taken > this.#most) throw new Unfit('it makes the document too dear to read');
  }
}
