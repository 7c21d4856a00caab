// What an update would bring into a words document, and whether that may be there at all. Looks
// at the update alone: its cost does not grow with the document.
import * as Y from 'yjs';
import { MalformedFrame } from './frames.ts';

/** The one root of a words document; see `wordsOf`. */
const ROOT = 'words';
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
}

/**
 * Reads an update of a words document. What the document has already is passed over: honest
 * clients send it again and again, and Yjs does not apply it twice.
 * @throws {MalformedFrame} if it does not decode or claims clocks that nobody reaches
 * @throws {Unfit} if it brings anything but plain text in the one root
 */
export function newsOf(document: Y.Doc, update: Uint8Array): News {
  /** Where each client's changes would end if those so far were applied. */
  const ends = new Map<number, number>();
  const gapped = new Set<number>();
  for (const struct of decoded(update)) {
    const { client, clock } = struct.id;
    const end = clock + struct.length;
    const known = Y.getState(document.store, client);
    if (end <= known || struct instanceof Y.Skip) continue;
    if (end > MAX_CLOCK) throw new MalformedFrame('a clock that nobody reaches');
    if (struct instanceof Y.Item) assertText(struct);
    if (clock > (ends.get(client) ?? known)) gapped.add(client);
    else ends.set(client, Math.max(end, ends.get(client) ?? known));
  }
  return { clients: [...ends.keys()].filter((id) => !gapped.has(id)), gapped: [...gapped] };
}

function decoded(update: Uint8Array): (Y.Item | Y.GC | Y.Skip)[] {
  try {
    return Y.decodeUpdate(update).structs;
  } catch (error) {
    throw new MalformedFrame('the update does not decode', { cause: error });
  }
}

function assertText({ parent, parentSub, content }: Y.Item): void {
  // A decoded item names its parent only if it has no neighbour to take it from.
  const named: unknown = parent;
  if (named !== null && named !== ROOT) throw new Unfit('another root, or a type within it');
  if (parentSub !== null) throw new Unfit('an attribute');
  if (!(content instanceof Y.ContentString || content instanceof Y.ContentDeleted)) {
    throw new Unfit('words are text, and nothing else');
  }
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
