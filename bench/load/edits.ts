// Edits as frames, made before anything is measured.
import { randomUUID } from 'node:crypto';
import * as Y from 'yjs';
import { wordsOf } from '#domain/story/document.ts';
import { STEP, syncFrame } from '../../collab-server/frames.ts';

/** Words may not be long, so whoever types for long lets old ones go. */
const KEPT_CHARACTERS = 400;

/** Somebody's edits, in their order: one more of `client`'s clock with each. */
export interface Edits {
  readonly client: number;
  readonly frames: readonly Uint8Array[];
}

/** Frames of a person who types, one character each. */
export function typing(document: string, count: number): Edits {
  const doc = new Y.Doc();
  const words = wordsOf(doc);
  return framesOf(document, doc, count, (n) => {
    words.insert(words.length, 'abcdefghij'.charAt(n % 10));
    if (words.length > KEPT_CHARACTERS) words.delete(0, 1);
  });
}

/** Frames of takes that a client publishes by itself, where clients write the tree. */
export function publishing(document: string, count: number): Edits {
  const doc = new Y.Doc();
  return framesOf(document, doc, count, () => {
    const id = randomUUID();
    doc.getMap('tree').set(id, { parentId: randomUUID(), ...takeLike });
  });
}

/** What else is known of a take: the same for every one. */
const takeLike = {
  authorId: randomUUID(),
  kind: 'text',
  startSamples: 0,
  durationSamples: 96_000,
  createdAtMs: 1_790_000_000_000,
  status: 'ready',
  mixed: false,
};

function framesOf(document: string, doc: Y.Doc, count: number, edit: (n: number) => void): Edits {
  const frames: Uint8Array[] = [];
  doc.on('update', (update: Uint8Array) => {
    frames.push(syncFrame(document, STEP.update, update));
  });
  for (let n = 0; n < count; n += 1) doc.transact(() => edit(n));
  return { client: doc.clientID, frames };
}

/** Where each client's changes in an update end. Readers of one broadcast share the answer. */
export class Ends {
  #of: Uint8Array = new Uint8Array();
  #ends: ReadonlyMap<number, number> = new Map();

  in(update: Uint8Array): ReadonlyMap<number, number> {
    if (Buffer.compare(this.#of, update) === 0) return this.#ends;
    const ends = new Map<number, number>();
    for (const { id, length } of Y.decodeUpdate(update).structs) {
      ends.set(id.client, Math.max(ends.get(id.client) ?? 0, id.clock + length));
    }
    this.#of = update;
    this.#ends = ends;
    return ends;
  }
}
