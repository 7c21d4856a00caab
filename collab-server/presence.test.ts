import { describe, expect, test } from 'vitest';
import { takeId, userId } from '#domain/story/ids.ts';
import type { Voice } from '#domain/story/take.ts';
import { stampPresence, type PresenceStates } from './presence.ts';

const mira = { id: userId('6f1b0f9e-8c1f-4b59-9d5e-2d0c5f0a7a01'), name: 'Mira', hue: 3 };
const jo = { id: userId('6f1b0f9e-8c1f-4b59-9d5e-2d0c5f0a7a02'), name: 'Jo', hue: 1 };
interface Given {
  present?: Record<number, Record<string, unknown>>;
  owned?: number[];
  foreign?: number[];
  viewer?: Voice | null;
}

const take = takeId('6f1b0f9e-8c1f-4b59-9d5e-2d0c5f0a7a03');

const entries = (record: Record<number, Record<string, unknown>>): PresenceStates =>
  new Map(Object.entries(record).map(([id, state]) => [Number(id), state]));

function stamped(
  sent: Record<number, Record<string, unknown>>,
  { present = {}, owned = [], foreign = [], viewer = mira }: Given = {},
): Record<string, unknown> {
  const states = entries(sent);
  stampPresence({ states, present: entries(present), owned: new Set(owned), foreign, viewer });
  return Object.fromEntries(states);
}

const caret = (length: number) => ({ caret: { anchor: 'x'.repeat(length), head: null } });

describe('presence', () => {
  test('carries the user of the session, and nothing that the schema does not know', () => {
    expect(stamped({ 7: { user: jo, recordingOver: take, html: '<b>' } })).toEqual({
      7: { user: mira, recordingOver: take },
    });
    expect(stamped({ 7: {} })).toEqual({ 7: { user: mira } });
  });

  test('of somebody without a session is nothing', () => {
    expect(stamped({ 7: { user: jo } }, { viewer: null })).toEqual({});
  });

  test('that is longer than any honest one is left out', () => {
    expect(stamped({ 7: caret(2_000), 8: caret(200) })).toEqual({
      8: { user: mira, ...caret(200) },
    });
  });

  test('that does not parse is left out, the rest stays', () => {
    expect(stamped({ 7: { recordingOver: 'x' }, 8: { recordingOver: null } })).toEqual({
      8: { user: mira, recordingOver: null },
    });
  });

  test('of another person is neither overwritten nor echoed under a wrong name', () => {
    expect(stamped({ 7: { user: jo }, 8: {} }, { present: { 7: { user: jo } } })).toEqual({
      8: { user: mira },
    });
    expect(stamped({ 7: {} }, { present: { 7: { user: mira } } })).toEqual({ 7: { user: mira } });
  });

  test('under a client id that is somebody else’s is left out, present or not', () => {
    expect(stamped({ 7: {}, 8: {} }, { foreign: [7] })).toEqual({ 8: { user: mira } });
  });

  test('of a crowd made up by one connection is cut to one', () => {
    const crowd = Object.fromEntries(Array.from({ length: 20_000 }, (_, id) => [id, {}]));
    expect(Object.keys(stamped(crowd))).toHaveLength(1);
    expect(Object.keys(stamped(crowd, { owned: [3] }))).toHaveLength(0);
  });
});
