import * as encoding from 'lib0/encoding';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import {
  dropDraft,
  MAX_DRAFT_LENGTH,
  MAX_DRAFTS,
  putDraft,
  readDrafts,
  wordsOfDraft,
} from '#domain/story/draft.ts';
import { nthTakeId } from '../tests/arbitraries/paths.ts';
import { DraftShape } from './draft-shape.ts';
import { MalformedFrame } from './frames.ts';
import { TooLarge } from './guard.ts';
import { TooMuch } from './refusals.ts';
import { newsOf, Unfit } from './update-guard.ts';

const draft = (n: number, words = 'Once') => ({
  id: nthTakeId(n),
  parentId: nthTakeId(99),
  beganMs: n,
  words,
});

/** Applies an update as the server does; what has gaps is left alone. */
function send(server: Y.Doc, update: Uint8Array): boolean {
  const shape = new DraftShape(server);
  if (newsOf(server, update, shape).gapped.length > 0) return false;
  shape.assertFits(update, 'mira');
  Y.applyUpdate(server, update);
  return true;
}

/** What somebody writes who has what the server has. */
function updateOf(server: Y.Doc, write: (doc: Y.Doc) => void): Uint8Array {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(server));
  write(doc);
  return Y.encodeStateAsUpdate(doc, Y.encodeStateVector(server));
}

function serverWith(...numbers: number[]): Y.Doc {
  const server = new Y.Doc();
  for (const n of numbers) putDraft(server, draft(n));
  return server;
}

const entryOf = (doc: Y.Doc, n: number): Y.Map<unknown> => {
  const entry = doc.getMap('drafts').get(nthTakeId(n));
  if (!(entry instanceof Y.Map)) throw new Error('no such draft');
  return entry as Y.Map<unknown>;
};
const textOf = (doc: Y.Doc, n: number): Y.Text => {
  const words = wordsOfDraft(doc, nthTakeId(n));
  if (words === null) throw new Error('no such draft');
  return words;
};

type Act = (doc: Y.Doc) => void;

const someDraft = fc.nat({ max: 5 });
const act: fc.Arbitrary<Act> = fc.oneof(
  someDraft.map(
    (n): Act =>
      (doc) =>
        putDraft(doc, draft(n)),
  ),
  someDraft.map(
    (n): Act =>
      (doc) =>
        dropDraft(doc, nthTakeId(n)),
  ),
  fc.tuple(someDraft, someDraft).map(([n, to]): Act => (doc) => {
    const entry = doc.getMap('drafts').get(nthTakeId(n));
    if (entry instanceof Y.Map) entry.set('parentId', nthTakeId(to));
  }),
  fc
    .tuple(someDraft, fc.nat(), fc.string({ minLength: 1, maxLength: 5 }))
    .map(([n, at, text]): Act => (doc) => {
      const words = wordsOfDraft(doc, nthTakeId(n));
      words?.insert(at % (words.length + 1), text);
    }),
  fc.tuple(someDraft, fc.nat(), fc.nat({ max: 4 })).map(([n, at, length]): Act => (doc) => {
    const words = wordsOfDraft(doc, nthTakeId(n));
    if (words === null || words.length === 0) return;
    const from = at % words.length;
    words.delete(from, Math.min(length, words.length - from));
  }),
);

/** A step of one device of three: it does something, or it meets the server. */
const step = fc.tuple(fc.nat({ max: 2 }), fc.option(act, { freq: 3 }));

const another: Act = (doc) => putDraft(doc, draft(MAX_DRAFTS));

describe('the guard of drafts', () => {
  test('lets through whatever honest devices write, apart or together', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const server = new Y.Doc();
        const devices = [new Y.Doc(), new Y.Doc(), new Y.Doc()];
        const meet = (device: Y.Doc) => {
          const vector = Y.encodeStateVector(server);
          expect(send(server, Y.encodeStateAsUpdate(device, vector))).toBe(true);
          Y.applyUpdate(device, Y.encodeStateAsUpdate(server));
        };
        for (const [which, does] of steps) {
          const device = devices[which];
          if (device === undefined) continue;
          if (does === null) meet(device);
          else does(device);
        }
        for (const device of [...devices, ...devices]) meet(device);
        for (const device of devices) expect(readDrafts(device)).toEqual(readDrafts(server));
        // A whole copy, into a server that has nothing, in one update.
        expect(send(new Y.Doc(), Y.encodeStateAsUpdate(server))).toBe(true);
      }),
    );
  });

  test('leaves a document of this shape, whatever becomes of the bytes on the way', () => {
    const changed = fc.tuple(fc.nat(), fc.nat({ max: 255 }));
    fc.assert(
      fc.property(fc.array(act, { maxLength: 8 }), fc.array(changed), (acts, changes) => {
        const server = serverWith(0, 1);
        const update = updateOf(server, (doc) => {
          for (const does of acts) does(doc);
        });
        for (const [at, byte] of changes.slice(0, 3)) update[at % update.length] = byte;
        try {
          send(server, update);
        } catch (error) {
          if (error instanceof MalformedFrame || error instanceof Unfit) return;
          throw error;
        }
        expect([...server.share.keys()]).toEqual(['drafts']);
        // What waits for something else is thrown away by the server.
        server.store.pendingStructs = null;
        server.store.pendingDs = null;
        expect(send(new Y.Doc(), Y.encodeStateAsUpdate(server))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  const unfit: readonly [string, Act][] = [
    ['another root', (doc) => doc.getMap('else').set(nthTakeId(1), 1)],
    ['a draft whose key is no id', (doc) => doc.getMap('drafts').set('x', new Y.Map())],
    [
      'a draft whose key is in capitals',
      (doc) => doc.getMap('drafts').set('ABCDEF00-1111-4111-8111-111111111111', new Y.Map()),
    ],
    ['a draft that is a value', (doc) => doc.getMap('drafts').set(nthTakeId(1), 'x')],
    ['a draft that is a text', (doc) => doc.getMap('drafts').set(nthTakeId(2), new Y.Text('x'))],
    ['a draft that is XML', (doc) => doc.getMap('drafts').set(nthTakeId(2), new Y.XmlHook('x'))],
    ['a field that drafts have not', (doc) => entryOf(doc, 1).set('else', 1)],
    ['a parent that is no id', (doc) => entryOf(doc, 1).set('parentId', 'x'.repeat(100_000))],
    ['a parent that is a map', (doc) => entryOf(doc, 1).set('parentId', new Y.Map())],
    ['a time before all times', (doc) => entryOf(doc, 1).set('beganMs', -1)],
    ['words that are a value', (doc) => entryOf(doc, 1).set('words', 'x')],
    ['words that are XML', (doc) => entryOf(doc, 1).set('words', new Y.XmlText('x'))],
    ['words that are a map', (doc) => entryOf(doc, 1).set('words', new Y.Map())],
    ['a file among the words', (doc) => textOf(doc, 1).insertEmbed(2, { bytes: 'x' })],
    ['a type among the words', (doc) => textOf(doc, 1).insertEmbed(2, new Y.Map())],
    ['words that are bold', (doc) => textOf(doc, 1).insert(2, 'x', { bold: true })],
    ['a NUL among the words', (doc) => textOf(doc, 1).insert(2, '\0')],
    ['words with an attribute', (doc) => textOf(doc, 1).setAttribute('lang', 'en')],
  ];
  test.each(unfit)('refuses %s', (_what, write) => {
    const server = serverWith(1);
    const before = Y.encodeStateAsUpdate(server);
    expect(() => send(server, updateOf(server, write))).toThrow(Unfit);
    // Hidden in the middle of what is honest, too.
    const hidden = updateOf(server, (doc) => {
      putDraft(doc, draft(3));
      write(doc);
      putDraft(doc, draft(4));
    });
    expect(() => send(server, hidden)).toThrow(Unfit);
    expect(Y.encodeStateAsUpdate(server)).toEqual(before);
  });

  test('refuses text in the place of the drafts', () => {
    const list = new Y.Doc();
    list.getText('drafts').insert(0, 'x');
    expect(() => send(new Y.Doc(), Y.encodeStateAsUpdate(list))).toThrow(Unfit);
  });

  test('refuses a value in the place of words that only a neighbour gives away', () => {
    const server = serverWith(1);
    const text = Y.createRelativePositionFromTypeIndex(textOf(server, 1), 3);
    const last = text.item;
    if (last === null) throw new Error('no words');
    // An item after the last character, with a value in it.
    const encoder = encoding.createEncoder();
    for (const n of [1, 1, 77, 0]) encoding.writeVarUint(encoder, n);
    const [ANY, HAS_ORIGIN] = [8, 0x80];
    encoding.writeUint8(encoder, ANY | HAS_ORIGIN);
    for (const n of [last.client, last.clock, 1]) encoding.writeVarUint(encoder, n);
    encoding.writeAny(encoder, 'x');
    encoding.writeVarUint(encoder, 0);
    expect(() => send(server, encoding.toUint8Array(encoder))).toThrow(Unfit);
  });

  test('asks for what an update hangs on, and for what hangs on itself', () => {
    const [server, elsewhere] = [new Y.Doc(), serverWith(1)];
    const before = Y.encodeStateVector(elsewhere);
    const other = new Y.Doc();
    Y.applyUpdate(other, Y.encodeStateAsUpdate(elsewhere));
    textOf(other, 1).insert(2, 'x');
    expect(send(server, Y.encodeStateAsUpdate(other, before))).toBe(false);
    // Two characters, each of them after the other.
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, 2);
    for (const [client, origin] of [
      [78, 77],
      [77, 78],
    ] as const) {
      for (const n of [1, client, 0]) encoding.writeVarUint(encoder, n);
      encoding.writeUint8(encoder, 4 | 0x80);
      for (const n of [origin, 0]) encoding.writeVarUint(encoder, n);
      encoding.writeVarString(encoder, 'x');
    }
    encoding.writeVarUint(encoder, 0);
    expect(send(server, encoding.toUint8Array(encoder))).toBe(false);
  });

  test('counts drafts: as many as may be, one less for one more, and no more', () => {
    const server = new Y.Doc();
    for (let n = 0; n < MAX_DRAFTS; n += 1) putDraft(server, draft(n));
    expect(() => send(server, updateOf(server, another))).toThrow(TooLarge);
    const inPlace = updateOf(server, (doc) => {
      dropDraft(doc, nthTakeId(0));
      another(doc);
    });
    expect(send(server, inPlace)).toBe(true);
    expect(readDrafts(server)).toHaveLength(MAX_DRAFTS);
  });

  test('lets the same full document be rearranged often, and not all the time', () => {
    const server = new Y.Doc();
    for (let n = 0; n < MAX_DRAFTS; n += 1) putDraft(server, draft(n));
    const again = updateOf(server, (doc) => {
      dropDraft(doc, nthTakeId(0));
      putDraft(doc, draft(0));
    });
    const check = (by: string) => {
      const shape = new DraftShape(server);
      newsOf(server, again, shape);
      shape.assertFits(again, by);
    };
    for (let n = 0; n < 30; n += 1) check('mira');
    expect(() => {
      // One more a second: a busy machine may have let some pass.
      for (let n = 0; n < 500; n += 1) check('mira');
    }).toThrow(TooMuch);
    // Whoever writes beside them has not used any of theirs.
    expect(() => {
      for (let n = 0; n < 30; n += 1) check('jo');
    }).not.toThrow();
  });

  test('counts the words of each draft by itself', () => {
    const server = serverWith(2);
    putDraft(server, draft(1, 'x'.repeat(MAX_DRAFT_LENGTH - 1)));
    const type = (n: number, text: string) =>
      updateOf(server, (doc) => textOf(doc, n).insert(1, text));
    expect(send(server, type(1, 'y'))).toBe(true);
    expect(() => send(server, type(1, 'y'))).toThrow(TooLarge);
    expect(send(server, type(2, 'y'.repeat(MAX_DRAFT_LENGTH - 4)))).toBe(true);
    const replaced = updateOf(server, (doc) => {
      textOf(doc, 1).delete(0, 4_000);
      textOf(doc, 1).insert(0, 'y'.repeat(4_000));
    });
    expect(send(server, replaced)).toBe(true);
    expect(() =>
      send(
        server,
        updateOf(server, (doc) => putDraft(doc, draft(3, 'x'.repeat(MAX_DRAFT_LENGTH + 1)))),
      ),
    ).toThrow(TooLarge);
  });

  test('lets through what was written into a draft that is gone meanwhile', () => {
    const server = serverWith(1);
    const late = updateOf(server, (doc) => {
      textOf(doc, 1).insert(4, ' upon');
      entryOf(doc, 1).set('parentId', nthTakeId(7));
    });
    expect(
      send(
        server,
        updateOf(server, (doc) => dropDraft(doc, nthTakeId(1))),
      ),
    ).toBe(true);
    expect(send(server, late)).toBe(true);
    expect(readDrafts(server)).toEqual([]);
  });
});
