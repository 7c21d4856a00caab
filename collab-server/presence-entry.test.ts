import { expect, test } from 'vitest';
import { takeId, userId } from '#domain/story/ids.ts';
import { isWithdrawn, stampedEntry } from './presence-entry.ts';

const mira = { id: userId('6f1b0f9e-8c1f-4b59-9d5e-2d0c5f0a7a01'), name: 'Mira', hue: 3 };
const jo = { id: userId('6f1b0f9e-8c1f-4b59-9d5e-2d0c5f0a7a02'), name: 'Jo', hue: 1 };
const take = takeId('6f1b0f9e-8c1f-4b59-9d5e-2d0c5f0a7a03');

const bytes = (said: unknown) => new TextEncoder().encode(JSON.stringify(said));
const stamped = (said: unknown) => stampedEntry(bytes(said), mira);
const isActive = (said: unknown) => stamped(said)?.isActive;
const caret = (length: number) => ({ caret: { anchor: 'x'.repeat(length), head: null } });

test('presence carries the user of the session, and nothing that the schema does not know', () => {
  const entry = stamped({ user: jo, recordingOver: take, html: '<b>' });
  expect(entry?.presence).toEqual({ user: mira, recordingOver: take });
  expect(JSON.parse(entry?.json ?? '')).toEqual(entry?.presence);
  expect(stamped({})?.presence).toEqual({ user: mira });
});

test('whoever records or has a caret is active', () => {
  expect([{ recordingOver: take }, caret(3)].map(isActive)).toEqual([true, true]);
  expect([{}, { recordingOver: null, caret: null }].map(isActive)).toEqual([false, false]);
});

test.each([
  ['longer than any honest one', caret(2_000)],
  ['of another shape', { recordingOver: 'x' }],
  ['no object', 'text'],
])('presence that is %s is not taken', (_, said) => {
  expect(stamped(said)).toBeNull();
});

test('bytes that are no JSON are not taken', () => {
  expect(stampedEntry(new Uint8Array([0xff, 0x7b]), mira)).toBeNull();
});

test('null says that somebody wants to be seen no more', () => {
  expect([null, {}, 'null', 0].map((said) => isWithdrawn(bytes(said)))).toEqual([
    true,
    false,
    false,
    false,
  ]);
});
