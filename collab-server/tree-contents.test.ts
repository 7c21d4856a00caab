import { array, assert, nat, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { contains } from './tree-contents.ts';

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
        expect(contains(Y.snapshot(now), Y.encodeStateAsUpdate(past))).toBe(true);
        expect(contains(Y.snapshot(past), Y.encodeStateAsUpdate(now))).toBe(isWhole);
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
        const snapshot = Y.snapshot(doc);
        expect(contains(snapshot, update)).toBe(Y.snapshotContainsUpdate(snapshot, update));
      }),
    );
  });

  test('nothing that does not decode', () => {
    expect(contains(Y.snapshot(written([1])), new Uint8Array([9, 9, 9]))).toBe(false);
  });
});
