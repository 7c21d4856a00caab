import { expect, test } from 'vitest';
import { userId } from '#domain/story/ids.ts';
import type { PlacedTake, TakeState } from '#domain/story/take.ts';
import { treeOf } from '#domain/story/tree.ts';
import { takeNumber as id } from '../player/testing/paths.ts';
import { joinOf, playablePath } from './playable-path.ts';

const SECOND = 48_000;
const hidden = { status: 'ready', mixed: true, hidden: true } as const;

const take = (index: number, state: TakeState = { status: 'ready', mixed: true }): PlacedTake => ({
  id: id(index),
  parentId: index === 0 ? null : id(index - 1),
  authorId: userId(`00000000-0000-4000-8000-00000000000${index % 2}`),
  kind: 'voice',
  startSamples: index * 5 * SECOND,
  durationSamples: 10 * SECOND,
  createdAtMs: index,
  state,
});
const isSilent = ({ state }: PlacedTake): boolean => state.hidden === true;
const nameOf = (author: string): string => (author.endsWith('0') ? 'Mira' : 'Jo');
const playableOf = (...path: PlacedTake[]) => playablePath(path, 'River', { isSilent, nameOf });

test('a path goes on through a take that is hidden from the listener, which is silent', () => {
  const { takes, artist } = playableOf(take(0), take(1, hidden), take(2));
  expect(takes.map(({ silent }) => silent)).toEqual([false, true, false]);
  expect(artist).toBe('Mira, Jo');
});

test('it ends with the last take that may be heard, if there is one', () => {
  expect(playableOf(take(0), take(1, hidden), take(2, hidden)).takes).toHaveLength(1);
  expect(playableOf(take(0, hidden)).takes).toEqual([]);
});

test('how often a take is rendered is told, and documents that do not say it mean once', () => {
  const states: TakeState[] = [
    { status: 'processing' },
    { status: 'ready', mixed: false },
    { status: 'ready', mixed: true },
    { status: 'ready', mixed: true, mixes: 2 },
  ];
  const { takes } = playableOf(...states.map((state, index) => take(index, state)));
  expect(takes.map(({ ready, mixes }) => [ready, mixes])).toEqual([
    [false, 0],
    [true, 0],
    [true, 1],
    [true, 2],
  ]);
});

test('a join begins four seconds before the parent ends, and not before the take does', () => {
  const tree = treeOf([take(0), take(1), { ...take(2), startSamples: 13 * SECOND }]);
  expect([joinOf(tree, id(0)), joinOf(tree, id(1))]).toEqual([0, 6 * SECOND]);
  expect(joinOf(tree, id(2))).toBe(13 * SECOND);
});
