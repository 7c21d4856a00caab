import { expect, it } from 'vitest';
import { Leaving } from './leaving.svelte.ts';

it('lets go at once of a page that has nothing of its own', async () => {
  const leaving = new Leaving();
  leaving.watch(() => null);
  expect(await leaving.ask()).toBe(true);
  expect(leaving.question).toBe(null);
});

it('asks about all that is here alone, and does as it is told', async () => {
  const leaving = new Leaving();
  let words = '';
  leaving.watch(() => (words === '' ? null : 'What you wrote'));
  const unwatch = leaving.watch(() => 'The take that you recorded');
  words = 'Once';
  for (const goes of [false, true]) {
    const answer = leaving.ask();
    expect(leaving.question?.lost).toEqual(['What you wrote', 'The take that you recorded']);
    leaving.question?.answer(goes);
    expect(await answer).toBe(goes);
    expect(leaving.question).toBe(null);
  }
  unwatch();
  expect(leaving.onlyHere).toEqual(['What you wrote']);
});

it('takes a second question for a no to the first', async () => {
  const leaving = new Leaving();
  const [first, second] = [leaving.ask(['One']), leaving.ask(['Two'])];
  expect(await first).toBe(false);
  leaving.question?.answer(true);
  expect(await second).toBe(true);
});
