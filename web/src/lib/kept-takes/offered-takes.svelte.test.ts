import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { takeId } from '#domain/story/ids.ts';
import { OfferedTakes, type OfferedTake } from './offered-takes.svelte.ts';
import { newTake } from './take-shelf.ts';
import { mira, origin, shelfOf, uuid } from './testing/shelf-apart.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

/** Two takes that are offered. */
async function offeringTwo() {
  const { shelf } = shelfOf();
  for (const digit of [1, 2])
    await shelf.put(newTake(origin(digit), { state: 'kept', frames: 48_000 }));
  const offered = new OfferedTakes({ shelf: async () => shelf, person: mira, isHere: () => true });
  await offered.refresh();
  return { shelf, offered, ids: () => offered.takes.map(({ take }) => take.origin.takeId) };
}
const one = (takes: readonly OfferedTake[], digit: number): OfferedTake => {
  const found = takes.find(({ take }) => take.origin.takeId === uuid(digit));
  if (found === undefined) throw new Error(`${digit} is not there`);
  return found;
};

test('each deleted take can be taken back for its own ten seconds', async () => {
  const { shelf, offered, ids } = await offeringTwo();
  const { takes } = offered;
  await offered.remove(one(takes, 1));
  vi.advanceTimersByTime(5_000);
  await offered.remove(one(takes, 2));
  expect(offered.deleted).toHaveLength(2);
  expect(await shelf.find(takeId(uuid(1)))).not.toBeNull();
  await offered.undo(takeId(uuid(1)));
  expect(ids()).toEqual([uuid(1)]);
  vi.advanceTimersByTime(10_000);
  await vi.waitFor(async () => expect(await shelf.find(takeId(uuid(2)))).toBeNull());
  expect(offered.deleted).toEqual([]);
  expect(await shelf.find(takeId(uuid(1)))).not.toBeNull();
});

test('a take that the device cannot let go of is offered again', async () => {
  const { shelf, offered, ids } = await offeringTwo();
  vi.spyOn(shelf, 'drop').mockRejectedValue(new Error('the store is closed'));
  await offered.remove(one(offered.takes, 1));
  expect(ids()).toEqual([uuid(2)]);
  vi.advanceTimersByTime(10_000);
  await vi.waitFor(() => expect(ids()).toEqual([uuid(1), uuid(2)]));
});
