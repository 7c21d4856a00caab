import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { OtherContent, valuesAt, walkUpdate, type Visitor } from './update-walk.ts';

interface Seen {
  readonly structs: readonly unknown[];
  readonly deletions: readonly unknown[];
}

function walked(update: Uint8Array): Seen {
  const structs: unknown[] = [];
  const deletions: unknown[] = [];
  const visitor: Visitor = {
    struct: (struct, bytes) => {
      const { client, clock, length, isSkip, names } = struct;
      const [originClient = -1, originClock] = names;
      structs.push({
        id: [client, clock, length],
        isSkip,
        origin: originClient === -1 ? null : [originClient, originClock],
        values: valuesAt(bytes, struct.valuesAt),
      });
      return true;
    },
    deletion: (client, clock, length) => {
      deletions.push([client, clock, length]);
      return true;
    },
  };
  expect(walkUpdate(update, visitor)).toBe(true);
  return { structs, deletions };
}

/** The same as Yjs says it. */
function decoded(update: Uint8Array): Seen {
  const { structs, ds } = Y.decodeUpdate(update);
  return {
    structs: structs.map((struct) => {
      const item = struct instanceof Y.Item ? struct : null;
      return {
        id: [struct.id.client, struct.id.clock, struct.length],
        isSkip: struct instanceof Y.Skip,
        origin: item?.origin ? [item.origin.client, item.origin.clock] : null,
        values: item?.content instanceof Y.ContentAny ? item.content.arr : [],
      };
    }),
    deletions: [...ds.clients].flatMap(([client, spans]) =>
      spans.map(({ clock, len }) => [client, clock, len]),
    ),
  };
}

const plain = fc.jsonValue({ maxDepth: 2 });
const edits = fc.array(
  fc.record({ client: fc.integer({ min: 1, max: 3 }), key: fc.nat(4), plain }),
  {
    maxLength: 30,
  },
);

describe('a walk over an update', () => {
  test('sees what Yjs decodes', () => {
    fc.assert(
      fc.property(edits, fc.nat(30), (all, at) => {
        const doc = new Y.Doc();
        let before = Y.encodeStateVector(doc);
        for (const [n, { client, key, plain: value }] of all.entries()) {
          doc.clientID = client;
          if (n === at) before = Y.encodeStateVector(doc);
          if (key === 4) doc.getArray('list').insert(0, [value, n]);
          else if (value === null) doc.getMap('map').delete(`k${key}`);
          else doc.getMap('map').set(`k${key}`, value);
        }
        for (const update of [Y.encodeStateAsUpdate(doc), Y.encodeStateAsUpdate(doc, before)]) {
          expect(walked(update)).toEqual(decoded(update));
        }
      }),
    );
  });

  test('goes over every plain value, and gaps', () => {
    const doc = new Y.Doc();
    const values = [1.5, 1e300, -7, 2 ** 40, true, false, null, 'ü', [1, ['a']], { a: { b: 1n } }];
    const vectors = values.map((value) => {
      doc.getArray('list').push([value, { nothing: undefined }]);
      return Y.encodeStateVector(doc);
    });
    const last = Y.encodeStateAsUpdate(doc, vectors.at(-2));
    const first = new Y.Doc();
    first.clientID = doc.clientID;
    first.getArray('list').push([1.5, { nothing: undefined }]);
    const gap = Y.mergeUpdates([Y.encodeStateAsUpdate(first), last]);
    for (const update of [Y.encodeStateAsUpdate(doc), gap]) {
      expect(walked(update)).toEqual(decoded(update));
    }
  });

  test('ends where there is what no tree has, or where bytes break off', () => {
    const doc = new Y.Doc();
    doc.getText('text').insert(0, 'words');
    const ignore: Visitor = { struct: () => true, deletion: () => true };
    expect(() => walkUpdate(Y.encodeStateAsUpdate(doc), ignore)).toThrow(OtherContent);
    expect(() => walkUpdate(new Uint8Array([1, 1]), ignore)).toThrow('end of array');
  });
});
