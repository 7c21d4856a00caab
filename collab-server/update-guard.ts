// What an update would bring into a document that people write, and whether that may be there at
// all. Its cost grows with the update, and not with the document.
import * as Y from 'yjs';
import { decodeUpdate, type Struct } from './decode-update.ts';
import { effectOf, rangesOf, type Ranges } from './deletions.ts';
import { MalformedFrame } from './frames.ts';

/** Nobody types two thousand million characters: such a clock would only wear a client id out. */
const MAX_CLOCK = 2 ** 31;

/** An update that has something for which the document has no place. */
export class Unfit extends Error {
  override readonly name = 'Unfit';
}

/** What an update has and the document has not. */
export interface News {
  /** Clients whose changes follow on what the document has. */
  readonly clients: readonly number[];
  /** Clients of whom something in between is missing: Yjs would park their changes. */
  readonly gapped: readonly number[];
  /** Structs of it, at most, and structs that deletions divide. */
  readonly structs: number;
  readonly splits: number;
}

/** What may be in a document of one kind, asked about one update of it. */
export interface Shape {
  /** The name of the one root. */
  readonly root: string;
  /** Told the whole update before it is asked about its items. */
  begin(structs: readonly Struct[]): void;
  /**
   * Judges an item that the document does not have yet.
   * @returns false if what it hangs on is missing @throws {Unfit} if there is no place for it
   */
  takes(item: Y.Item): boolean;
  /**
   * @param by whose update it is
   * @throws {TooLarge} if the document would be too large with what is left of the update
   */
  assertFits(update: Uint8Array, by: string): void;
}

/**
 * Reads an update of a document that people write. What the document has already is passed over:
 * honest clients send it again and again, and Yjs does not apply it twice.
 * @throws {MalformedFrame} if it does not decode or claims clocks that nobody reaches
 * @throws {Unfit} if it brings what the document has no place for
 */
export function newsOf(document: Y.Doc, update: Uint8Array, shape: Shape): News {
  /** Where each client's changes would end if those so far were applied. */
  const ends = new Map<number, number>();
  const gapped = new Set<number>();
  const { structs, deleted } = decoded(update);
  let fresh = 0;
  shape.begin(structs);
  for (const struct of structs) {
    const { client, clock } = struct.id;
    const end = clock + struct.length;
    const known = Y.getState(document.store, client);
    if (struct instanceof Y.Item) assertHarmless(struct, shape.root);
    if (end <= known || struct instanceof Y.Skip) continue;
    fresh += 1;
    if (end > MAX_CLOCK) throw new MalformedFrame('a clock that nobody reaches');
    const hangsOnNothing = struct instanceof Y.Item && !shape.takes(struct);
    if (hangsOnNothing || clock > (ends.get(client) ?? known)) gapped.add(client);
    else ends.set(client, Math.max(end, ends.get(client) ?? known));
  }
  return {
    clients: [...ends.keys()].filter((id) => !gapped.has(id)),
    gapped: [...gapped],
    structs: fresh,
    splits: effectOf(document, deleted).splits,
  };
}

/** What Yjs does with an item before it asks whether it has it already must do no harm either. */
function assertHarmless({ id, parent, origin, rightOrigin }: Y.Item, root: string): void {
  // A decoded item names its parent only if it has no neighbour to take it from. Yjs makes a root
  // as soon as it reads its name.
  const named: unknown = parent;
  if (typeof named === 'string' && named !== root) throw new Unfit('another root');
  // It looks for one of the same client without asking whether that is there, and throws.
  for (const other of [origin, rightOrigin, parent instanceof Y.ID ? parent : null]) {
    if (other?.client === id.client && other.clock >= id.clock) {
      throw new MalformedFrame('an item that hangs on one its client made later');
    }
  }
}

function decoded(update: Uint8Array): { structs: readonly Struct[]; deleted: Ranges } {
  const { structs, ds } = decodeUpdate(update);
  for (const deleted of ds.clients.values()) {
    // Yjs fails half way through an update that deletes nothing at a clock that it does not know.
    if (deleted.some(({ len }) => len < 1)) throw new MalformedFrame('deletes nothing');
  }
  return { structs, deleted: rangesOf(ds) };
}

/**
 * Adds to clients whose changes are left out of an update all others in it whose changes would hang
 * on those: Yjs would take the beginning of them and park the rest.
 */
export function withFollowers(
  document: Y.Doc,
  update: Uint8Array,
  leftOut: readonly number[],
): readonly number[] {
  const left = new Set(leftOut);
  const isMissing = (id: Y.ID | null) =>
    id !== null && left.has(id.client) && id.clock >= Y.getState(document.store, id.client);
  const { structs } = decodeUpdate(update);
  let before: number;
  do {
    before = left.size;
    for (const struct of structs) {
      if (!(struct instanceof Y.Item) || left.has(struct.id.client)) continue;
      const { id, origin, rightOrigin, parent, length } = struct;
      if (id.clock + length <= Y.getState(document.store, id.client)) continue;
      const container = parent instanceof Y.ID ? parent : null;
      if ([origin, rightOrigin, container].some(isMissing)) left.add(id.client);
    }
  } while (left.size > before);
  return [...left];
}

/**
 * Takes everything of some clients out of an update, in place: Hocuspocus goes on to apply these
 * very bytes. What was deleted stays; anybody who may write may delete.
 */
export function leaveOut(update: Uint8Array, clients: readonly number[]): void {
  const beyond = new Map(clients.map((client) => [client, Number.MAX_SAFE_INTEGER]));
  const rest = Y.diffUpdate(update, Y.encodeStateVector(beyond));
  if (rest.byteLength > update.byteLength) throw new MalformedFrame('not as Yjs encodes it');
  // Yjs reads to the end of the delete set and no further.
  update.set(rest);
}

/** Turns an update, in place, into one that changes nothing. */
export function blank(update: Uint8Array): void {
  update.fill(0);
}
