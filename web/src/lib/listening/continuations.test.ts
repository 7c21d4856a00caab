import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Continuation } from '#domain/protocol/listening.ts';
import { storyId, takeId, userId } from '#domain/story/ids.ts';
import { asksToContinue, continueHref, newestOf, newsHere, standing } from './continuations.ts';
import type { PlaceHere } from './places.ts';

const second = 48_000;

function continuation(heardAtMs: number, story = storyId(randomUUID())): Continuation {
  return {
    storyId: story,
    slug: 'the-mill',
    title: 'The mill',
    voice: { id: userId(randomUUID()), name: 'Jo', hue: 1 },
    leafId: takeId(randomUUID()),
    positionSamples: 20 * second,
    remainingSamples: 60 * second,
    heardAtMs,
  };
}

const here = (heardAtMs: number, story = storyId(randomUUID()), seconds = 30): PlaceHere => ({
  storyId: story,
  leafId: takeId(randomUUID()),
  positionSamples: seconds * second,
  heardAtMs,
});

test('what was heard later on this device takes the place of what the account says', () => {
  const [older, newer] = [continuation(10), continuation(20)];
  const places = [here(11, older.storyId), here(19, newer.storyId)];
  expect(standing([newer, older], places)).toEqual([newer]);
  expect(newsHere([newer, older], places)).toEqual([places[0]]);
});

test('a story that was heard to its end here is not offered, whatever the account says', () => {
  const mill = continuation(10);
  const done = here(11, mill.storyId, 0);
  expect(standing([mill], [done])).toEqual([]);
  expect(newsHere([mill], [done])).toEqual([]);
});

test('without an account the newest places of the device are asked about', () => {
  const places = [here(5), here(4), here(3), here(2)];
  expect(newsHere([], places)).toEqual(places.slice(0, 3));
});

test('the newest come first, wherever they were heard', () => {
  const all = [continuation(1), continuation(4), continuation(2), continuation(3)];
  expect(newestOf(all).map(({ heardAtMs }) => heardAtMs)).toEqual([4, 3, 2]);
});

test('a story is offered once, where it was heard last', () => {
  const mill = continuation(1);
  const later = { ...mill, heardAtMs: 3 };
  expect(newestOf([later, continuation(2), mill]).map(({ heardAtMs }) => heardAtMs)).toEqual([
    3, 2,
  ]);
});

test('the address of a place to go on from says so, and that of a story does not', () => {
  const address = new URL(continueHref(continuation(1)), 'https://tap.test');
  expect(asksToContinue(address)).toBe(true);
  expect(asksToContinue(new URL('https://tap.test/s/the-mill?take=x'))).toBe(false);
});
