import * as encoding from 'lib0/encoding';
import { describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { wordsOf } from '#domain/story/document.ts';
import { GuardedWords, type Outcome } from '../tests/fuzz/guarded-words.ts';
import { STEP, syncFrame } from './frames.ts';
import { assertFewSteps, MAX_STRUCTS } from './rehearsal.ts';
import { randomFrom } from './testing/random.ts';

const NAME = 'take:6b0d7a6e-7f7d-4f8e-9a53-3f6f2d9f5a11:words';
/** What a document may cost its readers, steps, with what is not counted yet. */
const MOST_STEPS = 6_000_000;

interface Crafted {
  readonly id: readonly [client: number, clock: number];
  /** What it was written before; at the end of all if undefined. */
  readonly before?: readonly [client: number, clock: number];
}

type Content = 'text' | 'deleted';

/** One-character items of one client, as if each were written at the very beginning. */
function updateOf(items: readonly Crafted[], content: Content): Uint8Array {
  const encoder = encoding.createEncoder();
  const [client, clock] = items[0]?.id ?? [0, 0];
  for (const n of [1, items.length, client, clock]) encoding.writeVarUint(encoder, n);
  for (const { before } of items) {
    encoding.writeUint8(encoder, (content === 'text' ? 4 : 1) | (before === undefined ? 0 : 0x40));
    if (before === undefined) {
      encoding.writeVarUint(encoder, 1);
      encoding.writeVarString(encoder, 'words');
    } else {
      for (const n of before) encoding.writeVarUint(encoder, n);
    }
    if (content === 'text') encoding.writeVarString(encoder, 'x');
    else encoding.writeVarUint(encoder, 1);
  }
  encoding.writeVarUint(encoder, 0);
  return encoding.toUint8Array(encoder);
}

const numbers = (from: number, length: number) => Array.from({ length }, (_, n) => from + n);

/** Typed backwards: each before the one that was made before it. */
const backwards = (client: number, from: number, length: number): Crafted[] =>
  numbers(from, length).map((clock) =>
    clock === 0 ? { id: [client, 0] } : { id: [client, clock], before: [client, clock - 1] },
  );

/** As if by somebody who was told of those one by one, and wrote before each. */
const amid = (client: number, from: number, length: number, other: number): Crafted[] =>
  numbers(from, length).map((clock) => ({ id: [client, clock], before: [other, clock] }));

const send = (words: GuardedWords, update: Uint8Array): Promise<Outcome> =>
  words.receive(syncFrame(NAME, STEP.update, update));

describe('an update for which Yjs would walk for minutes', () => {
  test.each(['text', 'deleted'] as const)('is refused as one frame of %s', async (content) => {
    const words = new GuardedWords(NAME);
    const n = 2_200;
    expect(await send(words, updateOf(backwards(77, 0, n), content))).toBe('applied');
    expect(await send(words, updateOf(amid(78, 0, n, 77), content))).toBe('refused');
  });

  test('is refused if it has the items itself', async () => {
    const n = 2_200;
    const second = numbers(n, n).map((clock): Crafted => ({
      id: [77, clock],
      before: [77, clock - n],
    }));
    const update = updateOf([...backwards(77, 0, n), ...second], 'text');
    expect(await send(new GuardedWords(NAME), update)).toBe('refused');
  });

  test('is refused in the end if it comes in small parts', async () => {
    const words = new GuardedWords(NAME);
    const outcomes = new Set<Outcome>();
    for (let n = 0; n < 2_200; n += 40) {
      await send(words, updateOf(backwards(77, n, 40), 'deleted'));
    }
    for (let n = 0; n < 2_200; n += 40) {
      outcomes.add(await send(words, updateOf(amid(78, n, 40, 77), 'deleted')));
    }
    expect([...outcomes]).toEqual(['applied', 'refused']);
    expect(() => assertFewSteps([Y.encodeStateAsUpdate(words.document)], MOST_STEPS)).not.toThrow();
  });
});

test('a document has so many structs and no more, deleted or not', async () => {
  const words = new GuardedWords(NAME);
  const half = MAX_STRUCTS / 2;
  expect(await send(words, updateOf(backwards(77, 0, half), 'deleted'))).toBe('applied');
  expect(await send(words, updateOf(backwards(77, half, half), 'deleted'))).toBe('applied');
  expect(await send(words, updateOf(backwards(77, 2 * half, 1), 'deleted'))).toBe('refused');
});

/** Writes or deletes a few characters anywhere. */
function edit(doc: Y.Doc, random: () => number): void {
  const text = wordsOf(doc);
  const at = Math.floor(random() * (text.length + 1));
  if (text.length > 1_000 || random() < 0.4) text.delete(at, Math.min(3, text.length - at));
  else text.insert(at, 'abc');
}

test('what people wrote apart, thousands of edits, is taken', async () => {
  const random = randomFrom(20_261_127);
  const words = new GuardedWords(NAME);
  const people = numbers(100, 3).map((id) => {
    const doc = new Y.Doc();
    doc.clientID = id;
    return doc;
  });
  for (let round = 0; round < 3; round += 1) {
    for (const doc of people) {
      for (let n = 0; n < 300; n += 1) edit(doc, random);
    }
    for (const doc of people) {
      const vector = Y.encodeStateVector(words.document);
      const reply = Y.encodeStateAsUpdate(doc, vector);
      expect(await words.receive(syncFrame(NAME, STEP.reply, reply))).toBe('applied');
    }
    for (const doc of people) Y.applyUpdate(doc, Y.encodeStateAsUpdate(words.document));
  }
  for (const doc of people) {
    expect(wordsOf(doc).toJSON()).toBe(wordsOf(words.document).toJSON());
  }
  expect(wordsOf(words.document).length).toBeGreaterThan(300);
});
