import { array, assert, nat, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { TreeContents } from './tree-contents.ts';

/** A document of one writer; odd numbers overwrite, so that it has much that is deleted. */
function written(values: readonly number[]): Y.Doc {
  const doc = new Y.Doc();
  doc.clientID = 1;
  for (const value of values) doc.getMap('map').set(`k${value % 7}`, value);
  return doc;
}

const values = array(nat(50), { maxLength: 60 });

describe('a document contains', () => {
  test('every update of its own past, and none of its future', () => {
    assert(
      property(values, nat(60), (all, at) => {
        const past = written(all.slice(0, at));
        const now = written(all);
        const isWhole = at >= all.length;
        expect(TreeContents.ofDocument(now).contains(Y.encodeStateAsUpdate(past))).toBe(true);
        expect(TreeContents.ofDocument(past).contains(Y.encodeStateAsUpdate(now))).toBe(isWhole);
      }),
    );
  });

  test('what Yjs says that its snapshot contains, and nothing else', () => {
    assert(
      property(values, values, nat(60), (ours, theirs, deleted) => {
        const doc = written(ours);
        const other = new Y.Doc();
        Y.applyUpdate(other, Y.encodeStateAsUpdate(doc));
        other.getMap('map').delete(`k${deleted % 9}`);
        for (const value of theirs.slice(0, deleted % 3)) other.getMap('map').set('k0', value);
        const update = Y.encodeStateAsUpdate(other, Y.encodeStateVector(doc));
        expect(TreeContents.ofDocument(doc).contains(update)).toBe(
          Y.snapshotContainsUpdate(Y.snapshot(doc), update),
        );
      }),
    );
  });

  test('nothing that does not decode', () => {
    const contents = TreeContents.ofDocument(written([1]));
    expect(contents.contains(new Uint8Array([9, 9, 9]))).toBe(false);
  });
});

test('whoever has all that was written is told of all that was deleted', () => {
  assert(
    property(values, nat(6), (all, key) => {
      const doc = written(all);
      const reader = new Y.Doc();
      Y.applyUpdate(reader, Y.encodeStateAsUpdate(doc));
      doc.getMap('map').delete(`k${key}`);
      const contents = TreeContents.ofDocument(doc);
      expect(contents.vector()).toEqual(Y.encodeStateVector(reader));
      Y.applyUpdate(reader, contents.deletions());
      expect(reader.getMap('map').toJSON()).toEqual(doc.getMap('map').toJSON());
    }),
  );
});
