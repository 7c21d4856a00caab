import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { changeArbitrary } from '../../tests/arbitraries/takes.ts';
import { mendTree, revisionOf, writeTree, type TreeChange } from '#domain/story/document.ts';
import { outlineOf, type Span } from './tree-outline.ts';

const WRITER = 7;

/** A tree that one writer wrote, each change made anew or said again, and the update of each. */
function written(changes: readonly TreeChange[]): { doc: Y.Doc; updates: Uint8Array[] } {
  const doc = new Y.Doc();
  doc.clientID = WRITER;
  const updates: Uint8Array[] = [];
  doc.on('update', (update: Uint8Array) => void updates.push(update));
  for (const [n, change] of changes.entries()) {
    writeTree(doc, { ...change, meta: { ...change.meta, revision: n + 1 } });
  }
  return { doc, updates };
}

/** The first of the updates as one state, as a compaction leaves them, and the others. */
function compacted(updates: readonly Uint8Array[], count: number): Uint8Array[] {
  const doc = new Y.Doc();
  for (const update of updates.slice(0, count)) Y.applyUpdate(doc, update);
  return [...(count > 0 ? [Y.encodeStateAsUpdate(doc)] : []), ...updates.slice(count)];
}

/** Every clock of some spans. */
const clocksOf = (spans: readonly Span[] = []): ReadonlySet<number> =>
  new Set(spans.flatMap(({ clock, len }) => Array.from({ length: len }, (_, n) => clock + n)));

const changes = fc.array(changeArbitrary, { minLength: 1, maxLength: 5 });

describe('the outline of a tree', () => {
  test('says what its document says, however much of the log is compacted', () => {
    fc.assert(
      fc.property(changes, fc.nat(5), (all, count) => {
        const { doc, updates } = written(all);
        const outline = outlineOf(compacted(updates, count));
        expect(outline).toMatchObject({ client: WRITER, revision: revisionOf(doc) });
        expect(new Map([[WRITER, outline?.clock]])).toEqual(
          Y.decodeStateVector(Y.encodeStateVector(doc)),
        );
        expect(clocksOf(outline?.deleted)).toEqual(
          clocksOf(Y.snapshot(doc).ds.clients.get(WRITER)),
        );
      }),
    );
  });

  test('is told rightly, if at all, of a tree that its own writer mended', () => {
    fc.assert(
      fc.property(changes, changeArbitrary, fc.boolean(), fc.nat(9), (all, last, isAnew, count) => {
        const { doc, updates } = written(all);
        const meta = { ...last.meta, revision: all.length };
        mendTree(doc, { ...last, meta }, isAnew);
        const outline = outlineOf(compacted(updates, count));
        expect([undefined, revisionOf(doc)]).toContain(outline?.revision);
      }),
    );
  });

  test('is not told by updates of which one is missing, unless it is the last', () => {
    fc.assert(
      fc.property(
        fc.array(changeArbitrary, { minLength: 3, maxLength: 5 }),
        fc.nat(),
        (all, at) => {
          const { updates } = written(all);
          const lost = at % (updates.length - 1);
          expect(outlineOf(updates.filter((_, n) => n !== lost))).toBeNull();
        },
      ),
    );
  });

  test('is not told of a tree that was mended, nor of one that is not there', () => {
    const { doc, updates } = written([
      { meta: { title: 'Rain', slug: 'rain', revision: 1 }, takes: [], voices: [] },
    ]);
    doc.clientID = WRITER + 1;
    const meta = { title: 'Rain', slug: 'rain', revision: 2 };
    mendTree(doc, { meta, takes: [], voices: [] }, true);
    expect(outlineOf(updates)).toBeNull();
    expect(outlineOf([Y.encodeStateAsUpdate(doc)])).toBeNull();
    expect(outlineOf([])).toBeNull();
    expect(outlineOf([new Uint8Array([0, 0])])).toBeNull();
  });
});
