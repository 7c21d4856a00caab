import { randomUUID } from 'node:crypto';
import { afterEach, expect, test, vi } from 'vitest';
import { takeId } from '#domain/story/ids.ts';
import { UnkeptTakes } from './unkept-takes.svelte.ts';

const [first, second] = [takeId(randomUUID()), takeId(randomUUID())];
const held = [first, second];

afterEach(() => vi.useRealTimers());

test('a take that the device did not keep is still known when the next one runs, and is kept', async () => {
  const unkept = new UnkeptTakes();
  await unkept.note(first, Promise.resolve(true), 'full');
  expect(unkept.keepsAll({ running: second, held: [first] }, null)).toBe(false);
  await unkept.note(second, Promise.resolve(true));
  expect(unkept.troubleOf({ running: null, chosen: second }, null)).toBeNull();
  expect(unkept.troubleOf({ running: null, chosen: first }, null)).toBe('full');
  expect(unkept.keepsAll({ running: null, held }, null)).toBe(false);
  expect(unkept.keepsAll({ running: null, held: [second] }, 'full')).toBe(true);
});

test('a take that could not be noted, or is not answered for, is not called kept until it is', async () => {
  vi.useFakeTimers();
  const unkept = new UnkeptTakes();
  await unkept.note(first, Promise.reject(new Error('broken')));
  const slow = Promise.withResolvers<boolean>();
  const waiting = unkept.note(second, slow.promise);
  await vi.advanceTimersByTimeAsync(3_000);
  await waiting;
  for (const chosen of held)
    expect(unkept.troubleOf({ running: null, chosen }, null)).toBe('failed');
  slow.resolve(true);
  await vi.advanceTimersByTimeAsync(0);
  expect(unkept.troubleOf({ running: null, chosen: second }, null)).toBeNull();
});
