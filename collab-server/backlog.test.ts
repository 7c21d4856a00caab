import { expect, test } from 'vitest';
import { Backlog } from './backlog.ts';

const limits = { most: 100, long: 10, longMs: 5_000 };

test('a document that is larger than what may wait is sent, and what comes right after it', () => {
  const backlog = new Backlog(limits);
  expect(backlog.sent(400, 400)).toBe(false);
  expect(backlog.sent(5, 405)).toBe(false);
  expect(backlog.isStuck(405, 0)).toBe(false);
});

test('it may take longer to leave the larger it is, and no longer', () => {
  const backlog = new Backlog(limits);
  backlog.sent(400, 400);
  expect(backlog.isStuck(400, 0)).toBe(false);
  expect(backlog.isStuck(11, 200_000)).toBe(false);
  expect(backlog.isStuck(11, 200_001)).toBe(true);
});

test('two of them may not wait at once, nor anything for long once it has left', () => {
  const backlog = new Backlog(limits);
  expect(backlog.sent(400, 400)).toBe(false);
  expect(backlog.sent(400, 800)).toBe(true);
  const later = new Backlog(limits);
  later.sent(400, 400);
  expect(later.isStuck(10, 1_000)).toBe(false);
  expect(later.isStuck(50, 2_000)).toBe(false);
  expect(later.isStuck(50, 7_001)).toBe(true);
});

test('changes of a document may not add up to more than may wait', () => {
  const backlog = new Backlog(limits);
  expect(backlog.sent(10, 100)).toBe(false);
  expect(backlog.sent(10, 101)).toBe(true);
});
