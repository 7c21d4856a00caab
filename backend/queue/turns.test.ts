import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { nextTurn } from './turns.ts';

interface Job {
  readonly person: string;
  readonly turn: number;
}

/** A queue with one server, as pg-boss keeps it: the earliest turn next, then the first that came. */
class Served {
  readonly waiting: Job[] = [];
  readonly done: string[] = [];
  #running: Job | undefined;

  send(person: string): void {
    const jobs = [...this.waiting, ...(this.#running ? [this.#running] : [])];
    const turns = jobs.map((job) => job.turn);
    const own = jobs.filter((job) => job.person === person).map((job) => job.turn);
    const served = turns.length === 0 ? 0 : Math.min(...turns);
    const last = own.length === 0 ? null : Math.max(...own);
    this.waiting.push({ person, turn: nextTurn({ served, last }) });
  }

  /** Finishes what runs, and starts what is next. */
  step(): void {
    if (this.#running) this.done.push(this.#running.person);
    this.waiting.sort((a, b) => a.turn - b.turn);
    this.#running = this.waiting.shift();
  }
}

test('of two people with work, neither is served more than two jobs in a row', () => {
  const steps = fc.array(fc.constantFrom('a', 'b', 'step'), { maxLength: 200 });
  fc.assert(
    fc.property(steps, (actions) => {
      const queue = new Served();
      for (let times = 0; times < 60; times += 1) queue.send('a');
      queue.step();
      for (const action of actions) {
        if (action === 'step') queue.step();
        else queue.send(action);
      }
      const waiting = queue.waiting.filter(({ person }) => person === 'b').length;
      const before = queue.done.length;
      while (queue.waiting.some(({ person }) => person === 'b')) queue.step();
      // Each of b's jobs lets at most one of a's by, and what runs now is finished first.
      expect(queue.done.length - before).toBeLessThanOrEqual(2 * waiting + 2);
    }),
  );
});

test('whoever comes back owes nothing and is owed nothing', () => {
  const queue = new Served();
  for (let times = 0; times < 10; times += 1) queue.send('a');
  for (let times = 0; times < 6; times += 1) queue.step();
  for (let times = 0; times < 4; times += 1) queue.send('b');
  for (let times = 0; times < 9; times += 1) queue.step();
  expect(queue.done.slice(5).join('')).toBe('ababababa');
});
