import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { applySplice, boundSplice, moveIndex, survivors, type Delta } from './text-change.ts';

/** What Yjs reports for splices done in one transaction. */
function deltaOf(before: string, edits: readonly [number, number, string][]) {
  const text = new Y.Doc().getText('words');
  text.insert(0, before);
  let delta: Delta = [];
  text.observe((event) => (delta = event.delta));
  text.doc?.transact(() => {
    for (const [at, remove, insert] of edits) {
      const index = at % (text.length + 1);
      text.delete(index, Math.min(remove, text.length - index));
      text.insert(index, insert);
    }
  });
  return { delta, after: text.toJSON() };
}

/** Distinct units, so that a place can be told by what stands there; edits insert only dots. */
const letters = 'abcdefghijklmnopqrstuvwxyz';
const edits = fc.array(fc.tuple(fc.nat(30), fc.nat(4), fc.constantFrom('', '.', '..')), {
  maxLength: 4,
});

describe('moveIndex', () => {
  it('keeps an index behind the letter it followed, if that is still there', () => {
    fc.assert(
      fc.property(edits, fc.integer({ min: 0, max: letters.length }), (changes, index) => {
        const { delta, after } = deltaOf(letters, changes);
        const moved = moveIndex(index, delta);
        const left = letters
          .slice(0, index)
          .split('')
          .findLast((letter) => after.includes(letter));
        const right = letters
          .slice(index)
          .split('')
          .find((letter) => after.includes(letter));
        const kept = left !== undefined && left === letters[index - 1];
        expect(kept ? after[moved - 1] : left).toBe(left);
        expect(moved).toBeGreaterThanOrEqual(left === undefined ? 0 : after.indexOf(left) + 1);
        expect(moved).toBeLessThanOrEqual(
          right === undefined ? after.length : after.indexOf(right),
        );
      }),
    );
  });
});

describe('survivors', () => {
  it('holds exactly the letters of the range that are still there', () => {
    fc.assert(
      fc.property(edits, fc.nat(26), fc.nat(26), (changes, a, b) => {
        const [start, end] = a < b ? [a, b] : [b, a];
        const { delta, after } = deltaOf(letters, changes);
        const held = survivors(start, end, delta).map((range) =>
          after.slice(range.start, range.end),
        );
        const left = letters
          .slice(start, end)
          .split('')
          .filter((letter) => after.includes(letter));
        expect(held.join('')).toBe(left.join(''));
      }),
    );
  });
});

describe('boundSplice', () => {
  it('never makes a text longer than allowed, nor refuses to make one shorter', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 20 }),
        fc.nat(20),
        fc.nat(20),
        fc.string(),
        (text, at, n, insert) => {
          const index = Math.min(at, text.length);
          const splice = { index, remove: Math.min(n, text.length - index), insert };
          const made = applySplice(text, boundSplice(splice, text.length, 12));
          expect(made.length).toBeLessThanOrEqual(Math.max(12, text.length - splice.remove));
        },
      ),
    );
  });

  it('does not cut a character in half', () => {
    const splice = { index: 0, remove: 0, insert: '👩👩' };
    expect(boundSplice(splice, 0, 3).insert).toBe('👩');
  });
});
