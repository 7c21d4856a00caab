import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { nthTakeId } from '../../tests/arbitraries/paths.ts';
import {
  draftsChangedBy,
  dropDraft,
  isOverfull,
  MAX_DRAFT_LENGTH,
  MAX_DRAFTS,
  moveDraft,
  putDraft,
  readDrafts,
  wordsOfDraft,
  type Draft,
} from './draft.ts';

const draft = (n: number, change: Partial<Draft> = {}): Draft => ({
  id: nthTakeId(n),
  parentId: nthTakeId(99),
  beganMs: n,
  words: `words ${n}`,
  ...change,
});

const several = fc.uniqueArray(
  fc.record({
    id: fc.nat({ max: 30 }).map(nthTakeId),
    parentId: fc.nat({ max: 5 }).map(nthTakeId),
    beganMs: fc.nat({ max: 3 }),
    words: fc.string({ maxLength: 20 }),
  }),
  { selector: ({ id }) => id, maxLength: MAX_DRAFTS },
);

describe('a draft document', () => {
  it('gives back what was put into it, oldest first, whatever the order', () => {
    fc.assert(
      fc.property(several, fc.infiniteStream(fc.nat()), (drafts, keys) => {
        const doc = new Y.Doc();
        const shuffled = drafts
          .map((each) => ({ each, key: Number(keys.next().value) }))
          .toSorted((a, b) => a.key - b.key);
        for (const { each } of shuffled) putDraft(doc, each);
        const read = readDrafts(doc);
        expect(new Set(read)).toEqual(new Set(drafts));
        expect(read.map(({ beganMs }) => beganMs)).toEqual(
          drafts.map(({ beganMs }) => beganMs).toSorted((a, b) => a - b),
        );
      }),
    );
  });

  it('has words that two devices write together', () => {
    const [phone, laptop] = [new Y.Doc(), new Y.Doc()];
    putDraft(phone, draft(1, { words: 'Once' }));
    Y.applyUpdate(laptop, Y.encodeStateAsUpdate(phone));
    wordsOfDraft(laptop, nthTakeId(1))?.insert(4, ' upon');
    wordsOfDraft(phone, nthTakeId(1))?.insert(0, '“');
    Y.applyUpdate(phone, Y.encodeStateAsUpdate(laptop));
    expect(readDrafts(phone)).toEqual([draft(1, { words: '“Once upon' })]);
  });

  it('is one draft if two tabs put the same one', () => {
    const [one, two] = [new Y.Doc(), new Y.Doc()];
    for (const tab of [one, two]) putDraft(tab, draft(1));
    Y.applyUpdate(one, Y.encodeStateAsUpdate(two));
    expect(readDrafts(one)).toEqual([draft(1)]);
  });

  it('hangs a draft on another take, and leaves alone what is not there', () => {
    const doc = new Y.Doc();
    putDraft(doc, draft(1));
    moveDraft(doc, nthTakeId(1), nthTakeId(7));
    moveDraft(doc, nthTakeId(2), nthTakeId(7));
    expect(readDrafts(doc)).toEqual([draft(1, { parentId: nthTakeId(7) })]);
  });

  it('is without what was dropped, whoever still writes in it', () => {
    const [phone, laptop] = [new Y.Doc(), new Y.Doc()];
    putDraft(phone, draft(1));
    Y.applyUpdate(laptop, Y.encodeStateAsUpdate(phone));
    dropDraft(phone, nthTakeId(1));
    wordsOfDraft(laptop, nthTakeId(1))?.insert(0, 'still ');
    Y.applyUpdate(phone, Y.encodeStateAsUpdate(laptop));
    Y.applyUpdate(laptop, Y.encodeStateAsUpdate(phone));
    expect([readDrafts(phone), readDrafts(laptop)]).toEqual([[], []]);
  });

  it('is read without what does not belong there', () => {
    const doc = new Y.Doc();
    const root = doc.getMap<unknown>('drafts');
    putDraft(doc, draft(1));
    root.set('not an id', new Y.Map());
    root.set(nthTakeId(2), 'words');
    root.set(nthTakeId(3), new Y.Map(Object.entries({ parentId: nthTakeId(1), beganMs: 1 })));
    root.set(nthTakeId(4), new Y.Map(Object.entries({ words: new Y.Text('x'), beganMs: -1 })));
    expect(readDrafts(doc)).toEqual([draft(1)]);
  });

  it('is overfull with too many drafts, or one that is too long', () => {
    const doc = new Y.Doc();
    for (let n = 0; n < MAX_DRAFTS; n += 1) putDraft(doc, draft(n));
    expect(isOverfull(doc)).toBe(false);
    putDraft(doc, draft(MAX_DRAFTS));
    expect(isOverfull(doc)).toBe(true);
    dropDraft(doc, nthTakeId(0));
    expect(isOverfull(doc)).toBe(false);
    putDraft(doc, draft(1, { words: 'x'.repeat(MAX_DRAFT_LENGTH + 1) }));
    expect(isOverfull(doc)).toBe(true);
  });
});

describe('a change of drafts', () => {
  it('names each draft that it begins, writes into, moves or takes away, and no other', () => {
    const doc = new Y.Doc();
    for (const n of [1, 2, 3]) putDraft(doc, draft(n));
    const changedBy = (change: () => void): string[] => {
      let ids: string[] = [];
      const look = (_: unknown, __: unknown, ___: Y.Doc, by: Y.Transaction) => {
        ids = draftsChangedBy(by);
      };
      doc.on('update', look);
      doc.transact(change);
      doc.off('update', look);
      return ids.toSorted();
    };
    const [one, two, three, four] = [1, 2, 3, 4].map(nthTakeId);
    if (one === undefined || two === undefined || three === undefined) throw new Error('no ids');
    expect(changedBy(() => putDraft(doc, draft(4)))).toEqual([four]);
    expect(changedBy(() => wordsOfDraft(doc, one)?.insert(0, 'x'))).toEqual([one]);
    expect(changedBy(() => moveDraft(doc, two, one))).toEqual([two]);
    const several = changedBy(() => {
      dropDraft(doc, three);
      wordsOfDraft(doc, one)?.delete(0, 1);
    });
    expect(several).toEqual([one, three].toSorted());
  });
});
