import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { changeArbitrary } from '../../tests/arbitraries/takes.ts';
import {
  mendTree,
  observeTree,
  readTree,
  revisionOf,
  wordsOf,
  writeTree,
  type StoryView,
  type TreeChange,
} from './document.ts';
import { describeFailure } from './failure.ts';
import { takeFailureSchema } from './take.ts';

const viewOf = (change: TreeChange): StoryView => ({
  meta: change.meta,
  takes: change.takes.map(({ facts, state }) => ({ ...facts, state })),
  voices: new Map(change.voices.map((voice) => [voice.id, voice])),
});
const byId = (view: StoryView) => ({
  ...view,
  takes: view.takes.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
});

/** Changes in the order of their revisions. */
const inOrder = (changes: readonly TreeChange[]): TreeChange[] =>
  changes.map((change, n) => ({ ...change, meta: { ...change.meta, revision: n + 1 } }));

const emptyChange = (revision: number): TreeChange => ({
  meta: { title: 'Rain', slug: 'rain', revision },
  takes: [],
  voices: [],
});

describe('the tree document', () => {
  it('gives back what was written, here and after a trip to another replica', () => {
    fc.assert(
      fc.property(changeArbitrary, (change) => {
        const doc = new Y.Doc();
        writeTree(doc, change);
        const copy = new Y.Doc();
        Y.applyUpdate(copy, Y.encodeStateAsUpdate(doc));
        for (const each of [doc, copy]) {
          expect(byId(readTree(each))).toEqual(byId(viewOf(change)));
          expect(revisionOf(each)).toBe(change.meta.revision);
        }
      }),
    );
  });

  it('is not touched by the same change again', () => {
    fc.assert(
      fc.property(changeArbitrary, (change) => {
        const doc = new Y.Doc();
        writeTree(doc, change);
        let updates = 0;
        let calls = 0;
        doc.on('update', () => (updates += 1));
        observeTree(doc, () => (calls += 1));
        writeTree(doc, structuredClone(change));
        expect([updates, calls]).toEqual([0, 0]);
      }),
    );
  });

  it('ends as one change at a time would leave it', () => {
    fc.assert(
      fc.property(fc.array(changeArbitrary, { minLength: 1, maxLength: 4 }), (changes) => {
        const doc = new Y.Doc();
        for (const change of inOrder(changes)) writeTree(doc, change);
        const last = new Map(
          changes.flatMap(({ takes }) =>
            takes.map(({ facts, state }) => [facts.id, { ...facts, state }] as const),
          ),
        );
        const view = readTree(doc);
        expect(view.meta).toEqual(inOrder(changes).at(-1)?.meta);
        expect(new Map(view.takes.map((take) => [take.id, take]))).toEqual(last);
      }),
    );
  });

  it('says up to which event it goes, whatever that was about, and whatever is sent again', () => {
    fc.assert(
      fc.property(fc.array(changeArbitrary, { minLength: 1, maxLength: 4 }), (changes) => {
        const doc = new Y.Doc();
        const ordered = inOrder(changes);
        for (const change of ordered) {
          writeTree(doc, change);
          expect(revisionOf(doc)).toBe(change.meta.revision);
        }
        const before = readTree(doc);
        for (const last of ordered.slice(-1)) {
          const meta = { ...last.meta, revision: last.meta.revision + 1 };
          writeTree(doc, { ...last, meta });
          expect(readTree(doc)).toEqual({ ...before, meta });
        }
      }),
    );
  });

  it('keeps one trace of all that a take was, if nothing else happens in between', () => {
    const [change] = fc.sample(
      changeArbitrary.filter(({ takes }) => takes.length === 1),
      1,
    );
    const [{ facts } = { facts: null }] = change?.takes ?? [];
    if (change === undefined || facts === null) throw new Error('no sample');
    const doc = new Y.Doc();
    const structsWith = (likes: number) => {
      const meta = { ...change.meta, revision: likes };
      const state = { status: 'ready', mixed: true, likes } as const;
      writeTree(doc, { ...change, meta, takes: [{ facts, state }] });
      return doc.store.clients.get(doc.clientID)?.length;
    };
    const [, twice] = [structsWith(1), structsWith(2)];
    for (let likes = 3; likes < 50; likes += 1) expect(structsWith(likes)).toBe(twice);
  });

  it('is rid of what no event is behind, and of a revision that there was not yet', () => {
    fc.assert(
      fc.property(changeArbitrary, changeArbitrary, fc.boolean(), (one, other, isAnew) => {
        const doc = new Y.Doc();
        writeTree(doc, one);
        mendTree(doc, other, isAnew);
        expect(byId(readTree(doc))).toEqual(byId(viewOf(other)));
      }),
    );
  });

  it('tells its followers once a change, until they leave', () => {
    const doc = new Y.Doc();
    let calls = 0;
    const leave = observeTree(doc, () => (calls += 1));
    writeTree(doc, emptyChange(1));
    writeTree(doc, emptyChange(1));
    writeTree(doc, emptyChange(2));
    expect(calls).toBe(2);
    leave();
    writeTree(doc, emptyChange(3));
    expect(calls).toBe(2);
  });

  it('leaves garbage out, and keeps what is sound beside it', () => {
    const root = fc.constantFrom('meta', 'tree', 'voices');
    const json = fc.json().map((text): unknown => JSON.parse(text));
    const garbage = fc.array(fc.tuple(root, fc.string(), json), { maxLength: 12 });
    fc.assert(
      fc.property(changeArbitrary, garbage, (change, entries) => {
        const doc = new Y.Doc();
        for (const [name, key, value] of entries) doc.getMap(name).set(key, value);
        writeTree(doc, change);
        expect(byId(readTree(doc))).toEqual(byId(viewOf(change)));
      }),
    );
  });

  it('reads an empty or a broken document as a story without anything', () => {
    const nothing = { meta: null, takes: [], voices: new Map() };
    expect(readTree(new Y.Doc())).toEqual(nothing);
    expect(revisionOf(new Y.Doc())).toBe(0);
    const doc = new Y.Doc();
    doc.getMap('meta').set('story', { title: 'Rain', slug: 'rain', revision: 'seven' });
    doc.getMap('tree').set('x', new Y.Map());
    doc.getMap('tree').set('y', { revision: 1.5 });
    doc.getMap('tree').set('z', null);
    doc.getMap('voices').set('y', new Y.Array());
    expect(readTree(doc)).toEqual(nothing);
    expect(revisionOf(doc)).toBe(0);
  });

  it('shows no take of which something is missing', () => {
    const [change] = fc.sample(
      changeArbitrary.filter(({ takes }) => takes.length > 1),
      1,
    );
    if (change === undefined) throw new Error('no sample');
    const doc = new Y.Doc();
    writeTree(doc, change);
    const id = change.takes[0]?.facts.id ?? '';
    const tree = doc.getMap<object>('tree');
    tree.set(id, { ...tree.get(id), status: undefined });
    expect(readTree(doc).takes.map((take) => take.id)).not.toContain(id);
    expect(readTree(doc).takes).toHaveLength(change.takes.length - 1);
  });

  it('keeps the words of two people who write at once', () => {
    const [mia, jo] = [new Y.Doc(), new Y.Doc()];
    wordsOf(mia).insert(0, 'rain ');
    wordsOf(jo).insert(0, 'wind ');
    Y.applyUpdate(mia, Y.encodeStateAsUpdate(jo));
    Y.applyUpdate(jo, Y.encodeStateAsUpdate(mia));
    expect(wordsOf(mia).toJSON()).toBe(wordsOf(jo).toJSON());
    expect(wordsOf(mia).toJSON()).toMatch(/^(rain wind |wind rain )$/u);
  });
});

it('every failure is told in plain words', () => {
  const sentences = takeFailureSchema.options.map(describeFailure);
  expect(new Set(sentences).size).toBe(takeFailureSchema.options.length);
  for (const sentence of sentences) expect(sentence).toMatch(/^[A-Z].*\.$/u);
});
