import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { takeId, type TakeId } from '#domain/story/ids.ts';
import { UndoTimers } from './undo-timers.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());
const [one, other] = [takeId(randomUUID()), takeId(randomUUID())];

test('a discarded take goes after ten seconds, each in its own time', () => {
  const gone: TakeId[] = [];
  const timers = new UndoTimers((id) => gone.push(id));
  timers.follow([one]);
  vi.advanceTimersByTime(5_000);
  timers.follow([one, other]);
  vi.advanceTimersByTime(5_000);
  expect(gone).toEqual([one]);
  vi.advanceTimersByTime(5_000);
  expect(gone).toEqual([one, other]);
});

test('one that was taken back does not go, and discarded again has its ten seconds anew', () => {
  const gone: TakeId[] = [];
  const timers = new UndoTimers((id) => gone.push(id));
  timers.follow([one]);
  vi.advanceTimersByTime(9_000);
  timers.follow([]);
  timers.follow([one]);
  vi.advanceTimersByTime(9_000);
  expect(gone).toEqual([]);
  timers.end();
  vi.advanceTimersByTime(9_000);
  expect(gone).toEqual([]);
});
