import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { TreeAnswers } from './tree-answers.ts';

/** A map that grows by its updates, as a tree does; frames are the updates themselves. */
function tree() {
  const doc = new Y.Doc();
  const answers = new TreeAnswers();
  doc.on('update', (update: Uint8Array) => answers.grow(update));
  const set = (n: number) => doc.getMap('takes').set(`key ${n % 40}`, `${n} ${'x'.repeat(20)}`);
  const keyOf = (reader: Y.Doc) => String(Y.getState(reader.store, doc.clientID));
  /** Brings a reader up to date; true if the document had to be asked. */
  const serve = (reader: Y.Doc): boolean => {
    const key = keyOf(reader);
    const isAsked = answers.of(key) === null;
    if (isAsked) answers.keep(key, [Y.encodeStateAsUpdate(doc, Y.encodeStateVector(reader))]);
    for (const frame of answers.of(key) ?? []) Y.applyUpdate(reader, frame);
    return isAsked;
  };
  /** Whether a reader has all of it, and nothing that waits for something else. */
  const isServed = (reader: Y.Doc): boolean =>
    reader.store.pendingStructs === null &&
    isDeepStrictEqual(reader.getMap('takes').toJSON(), doc.getMap('takes').toJSON());
  return { answers, set, serve, isServed };
}

test('those who have the same are given the same bytes, and what came since', () => {
  const { answers, set, serve, isServed } = tree();
  for (let n = 0; n < 200; n += 1) set(n);
  expect(serve(new Y.Doc())).toBe(true);
  const [whole] = answers.of('0') ?? [];
  set(200);
  const late = new Y.Doc();
  expect(serve(late)).toBe(false);
  expect(isServed(late)).toBe(true);
  expect(answers.of('0')?.[0]).toBe(whole);
  expect(answers.of('0')).toHaveLength(2);
});

test('when much has come since, the whole is asked for again', () => {
  const { set, serve } = tree();
  set(0);
  serve(new Y.Doc());
  let asked = 0;
  for (let n = 0; n < 500; n += 1) {
    set(n);
    if (serve(new Y.Doc())) asked += 1;
  }
  expect(asked).toBeGreaterThan(3);
  expect(asked).toBeLessThan(20);
});

test('readers of every age end with the tree of that moment', () => {
  const { set, serve, isServed } = tree();
  const readers: Y.Doc[] = [];
  for (let n = 0; n < 600; n += 1) {
    set(n);
    if (n % 7 === 0) readers.push(new Y.Doc());
    // Old ones come back after ever longer absences.
    const reader = readers[(n * 13) % readers.length];
    if (reader === undefined || n % 3 > 0) continue;
    serve(reader);
    expect(isServed(reader)).toBe(true);
  }
  for (const reader of readers) serve(reader);
  expect(readers.filter(isServed)).toHaveLength(readers.length);
});

test('no more answers are kept than a few', () => {
  const { answers } = tree();
  for (let n = 0; n < 1_000; n += 1) answers.keep(`${n}`, [new Uint8Array([n & 0xff])]);
  expect(answers.of('0')).toBeNull();
  expect(answers.of('999')).toHaveLength(1);
});
