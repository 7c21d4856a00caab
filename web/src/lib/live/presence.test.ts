import { describe, expect, it } from 'vitest';
import { takeId } from '#domain/story/ids.ts';
import { facesOf, moreWords, othersPresent, samePresence, unnamedOthers } from './presence.ts';

const take = '11111111-1111-4111-8111-111111111111';
const person = (id: string, name = id) => ({ id, name, hue: 3 });

const of = (states: [number, unknown][], ownUserId: string | null = 'me') =>
  othersPresent({ states: new Map(states), ownClientId: 1, ownUserId });

describe('othersPresent', () => {
  it('shows others by name and leaves out the viewer, in this tab and in any other', () => {
    const states: [number, unknown][] = [
      [1, { user: person('me') }],
      [2, { user: person('me') }],
      [3, { user: person('b', 'Mira') }],
      [4, { user: person('a', 'Jo') }],
    ];
    expect(of(states).map(({ user }) => user.name)).toEqual(['Jo', 'Mira']);
  });

  it('shows a person with two tabs once, as recording if one of the tabs records', () => {
    const idle = { user: person('a'), recordingOver: null };
    const recording = { user: person('a'), recordingOver: take };
    for (const states of [
      [idle, recording],
      [recording, idle],
    ]) {
      expect(of(states.map((state, index) => [index + 2, state]))).toEqual([recording]);
    }
  });

  it('leaves out states that are no presence: empty, foreign, too long a name, a hue we lack', () => {
    const states = [
      {},
      null,
      'hello',
      { cursor: 3 },
      { user: person('a', 'x'.repeat(41)) },
      { user: { ...person('b'), hue: 8 } },
      { user: person('c'), recordingOver: 'not a take' },
    ];
    expect(of(states.map((state, index) => [index + 2, state]))).toEqual([]);
  });

  it('shows a listener everybody', () => {
    expect(of([[2, { user: person('a') }]], null)).toHaveLength(1);
  });
});

describe('samePresence', () => {
  it('tells apart a person who began to record', () => {
    const idle = { user: person('a') };
    expect(samePresence([idle], [{ user: person('a') }])).toBe(true);
    expect(samePresence([idle], [{ ...idle, recordingOver: null }])).toBe(false);
  });
});

describe('facesOf', () => {
  it('shows who records before others, and hides nobody without saying so', () => {
    const people = ['a', 'b', 'c', 'd'].map((id) => ({
      user: person(id),
      recordingOver: id === 'd' ? takeId(take) : null,
    }));
    const { shown, hidden } = facesOf(people, 2);
    expect(shown.map(({ user }) => user.id)).toEqual(['d', 'a']);
    expect(hidden.map(({ user }) => user.id)).toEqual(['b', 'c']);
    expect(facesOf(people, 4).hidden).toEqual([]);
  });
});

const unnamed = (crowd: unknown, own: string | null, states: [number, unknown][] = []) => {
  const all = new Map([[1, crowd], ...states]);
  const room = { states: all, ownClientId: 9, ownUserId: own };
  return unnamedOthers(room, othersPresent(room));
};

describe('unnamedOthers', () => {
  const seen = { user: person('a') };
  it('counts whoever has no entry, and never the viewer', () => {
    const crowd = { people: 500, listeners: 20 };
    const me: [number, unknown] = [9, { user: person('me') }];
    expect(unnamed(crowd, 'me', [me, [2, seen]])).toBe(498 + 20);
    expect(unnamed(crowd, null, [[2, seen]])).toBe(499 + 19);
    // Away: not among those who are counted.
    expect(unnamed(crowd, 'me', [[2, seen]])).toBe(499 + 20);
  });

  it('is nobody as long as the server has not said', () => {
    expect(unnamed(undefined, null)).toBe(0);
    expect(unnamed({ people: -3, listeners: 'many' }, null)).toBe(0);
    expect(unnamed({ people: 0, listeners: 0 }, null)).toBe(0);
  });
});

describe('moreWords', () => {
  it('says how many more listen, after faces or without any', () => {
    expect([moreWords(497, 5), moreWords(1, 5)]).toEqual([
      'and 497 others listening',
      'and one other listening',
    ]);
    expect([moreWords(2, 0), moreWords(1, 0)]).toEqual([
      '2 others listening',
      'one other listening',
    ]);
  });
});
