import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { wordsOf } from '#domain/story/document.ts';
import { StateCache, type WholeState } from './state-cache.ts';

function large(): Y.Doc {
  const doc = new Y.Doc();
  wordsOf(doc).insert(0, 'x'.repeat(2_000));
  return doc;
}

/** What a newcomer makes of an answer, in the order in which it is sent. */
function textFrom({ base, tail }: WholeState): string {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, base);
  if (tail !== null) Y.applyUpdate(doc, tail);
  expect(doc.store.pendingStructs).toBeNull();
  return wordsOf(doc).toJSON();
}

test('while nothing changes, the same bytes are given', () => {
  const [cache, doc] = [new StateCache(), large()];
  expect(cache.wholeOf(doc)).toBe(cache.wholeOf(doc));
  wordsOf(doc).insert(0, 'a');
  expect(cache.wholeOf(doc)).toBe(cache.wholeOf(doc));
});

test('what came since follows as a tail, without a new encoding', () => {
  const [cache, doc] = [new StateCache(), large()];
  const { base } = cache.wholeOf(doc);
  for (const token of ['a', 'b', 'c']) {
    wordsOf(doc).insert(0, token);
    wordsOf(doc).delete(500, 1);
    const whole = cache.wholeOf(doc);
    expect(whole.base).toBe(base);
    expect(textFrom(whole)).toBe(wordsOf(doc).toJSON());
  }
});

test('a tail of more than a tenth ends in a new encoding', () => {
  const [cache, doc] = [new StateCache(), large()];
  const { base } = cache.wholeOf(doc);
  for (let n = 0; n < 20; n += 1) wordsOf(doc).insert(0, 'twenty characters ..');
  const whole = cache.wholeOf(doc);
  expect(whole.base).not.toBe(base);
  expect(whole.tail).toBeNull();
  expect(textFrom(whole)).toBe(wordsOf(doc).toJSON());
});

test('every newcomer among many edits gets the document of that moment', () => {
  const [cache, doc] = [new StateCache(), new Y.Doc()];
  const seen: string[] = [];
  const written: string[] = [];
  for (let n = 0; n < 300; n += 1) {
    wordsOf(doc).insert((n * 7) % (wordsOf(doc).length + 1), `${n};`);
    if (n % 5 === 0) wordsOf(doc).delete(0, 1);
    if (n % 3 !== 0) continue;
    seen.push(textFrom(cache.wholeOf(doc)));
    written.push(wordsOf(doc).toJSON());
  }
  expect(seen).toEqual(written);
});
