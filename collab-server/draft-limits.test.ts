// How many drafts somebody has, how long they are, and how often they are rearranged.
import { describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import {
  dropDraft,
  MAX_DRAFT_LENGTH,
  MAX_DRAFTS,
  putDraft,
  readDrafts,
} from '#domain/story/draft.ts';
import { DraftShape } from './draft-shape.ts';
import { TooLarge } from './guard.ts';
import { TooMuch } from './refusals.ts';
import {
  draft,
  draftId,
  send,
  serverWith,
  textOfDraft,
  updateOf,
} from './testing/drafts-guarded.ts';
import { newsOf } from './update-guard.ts';

const another = (doc: Y.Doc) => putDraft(doc, draft(MAX_DRAFTS));

describe('the guard of drafts', () => {
  test('counts drafts: as many as may be, one less for one more, and no more', () => {
    const server = new Y.Doc();
    for (let n = 0; n < MAX_DRAFTS; n += 1) putDraft(server, draft(n));
    expect(() => send(server, updateOf(server, another))).toThrow(TooLarge);
    const inPlace = updateOf(server, (doc) => {
      dropDraft(doc, draftId(0));
      another(doc);
    });
    expect(send(server, inPlace)).toBe(true);
    expect(readDrafts(server)).toHaveLength(MAX_DRAFTS);
  });

  test('lets the same full document be rearranged often, and not all the time', () => {
    const server = new Y.Doc();
    for (let n = 0; n < MAX_DRAFTS; n += 1) putDraft(server, draft(n));
    const again = updateOf(server, (doc) => {
      dropDraft(doc, draftId(0));
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
      updateOf(server, (doc) => textOfDraft(doc, n).insert(1, text));
    expect(send(server, type(1, 'y'))).toBe(true);
    expect(() => send(server, type(1, 'y'))).toThrow(TooLarge);
    expect(send(server, type(2, 'y'.repeat(MAX_DRAFT_LENGTH - 4)))).toBe(true);
    const replaced = updateOf(server, (doc) => {
      textOfDraft(doc, 1).delete(0, 4_000);
      textOfDraft(doc, 1).insert(0, 'y'.repeat(4_000));
    });
    expect(send(server, replaced)).toBe(true);
    expect(() =>
      send(
        server,
        updateOf(server, (doc) => putDraft(doc, draft(3, 'x'.repeat(MAX_DRAFT_LENGTH + 1)))),
      ),
    ).toThrow(TooLarge);
  });
});
