// What honest devices write into drafts is let through, whatever becomes of it on the way.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { dropDraft, putDraft, readDrafts, wordsOfDraft } from '#domain/story/draft.ts';
import { MalformedFrame } from './frames.ts';
import {
  draft,
  draftId,
  entryOfDraft,
  send,
  serverWith,
  textOfDraft,
  updateOf,
} from './testing/drafts-guarded.ts';
import { Unfit } from './update-guard.ts';

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
        dropDraft(doc, draftId(n)),
  ),
  fc.tuple(someDraft, someDraft).map(([n, to]): Act => (doc) => {
    const entry = doc.getMap('drafts').get(draftId(n));
    if (entry instanceof Y.Map) entry.set('parentId', draftId(to));
  }),
  fc
    .tuple(someDraft, fc.nat(), fc.string({ minLength: 1, maxLength: 5 }))
    .map(([n, at, text]): Act => (doc) => {
      const words = wordsOfDraft(doc, draftId(n));
      words?.insert(at % (words.length + 1), text);
    }),
  fc.tuple(someDraft, fc.nat(), fc.nat({ max: 4 })).map(([n, at, length]): Act => (doc) => {
    const words = wordsOfDraft(doc, draftId(n));
    if (words === null || words.length === 0) return;
    const from = at % words.length;
    words.delete(from, Math.min(length, words.length - from));
  }),
);

/** A step of one device of three: it does something, or it meets the server. */
const step = fc.tuple(fc.nat({ max: 2 }), fc.option(act, { freq: 3 }));

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

  test('lets through what was written into a draft that is gone meanwhile', () => {
    const server = serverWith(1);
    const late = updateOf(server, (doc) => {
      textOfDraft(doc, 1).insert(4, ' upon');
      entryOfDraft(doc, 1).set('parentId', draftId(7));
    });
    expect(
      send(
        server,
        updateOf(server, (doc) => dropDraft(doc, draftId(1))),
      ),
    ).toBe(true);
    expect(send(server, late)).toBe(true);
    expect(readDrafts(server)).toEqual([]);
  });
});
