import { array, assert, boolean, nat, property, record } from 'fast-check';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { wordsOf } from '#domain/story/document.ts';
import { hasAllOf } from './reader-replies.ts';

const edits = array(record({ client: nat(2), at: nat(40), isDeletion: boolean() }), {
  maxLength: 40,
});
interface Edit {
  readonly client: number;
  readonly at: number;
  readonly isDeletion: boolean;
}

function write(doc: Y.Doc, all: readonly Edit[]): void {
  const text = wordsOf(doc);
  for (const { client, at, isDeletion } of all) {
    doc.clientID = client + 1;
    if (!isDeletion) text.insert(at % (text.length + 1), 'abc');
    else if (text.length > 0)
      text.delete(at % text.length, Math.min(2, text.length - (at % text.length)));
  }
}

test('a document has all of an update if Yjs says that its snapshot has', () => {
  assert(
    property(edits, edits, boolean(), (ours, theirs, isKnown) => {
      const doc = new Y.Doc();
      write(doc, ours);
      const other = new Y.Doc();
      Y.applyUpdate(other, Y.encodeStateAsUpdate(doc));
      const before = Y.encodeStateVector(other);
      write(other, theirs);
      // Yjs warns of an update under its own id.
      doc.clientID = 99;
      if (isKnown) Y.applyUpdate(doc, Y.encodeStateAsUpdate(other));
      for (const update of [
        Y.encodeStateAsUpdate(other),
        Y.encodeStateAsUpdate(other, before),
        new Uint8Array([0, 0]),
      ]) {
        expect(hasAllOf(doc, update)).toBe(Y.snapshotContainsUpdate(Y.snapshot(doc), update));
      }
    }),
  );
});
