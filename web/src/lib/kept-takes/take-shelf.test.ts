import { describe, expect, test, vi } from 'vitest';
import { takeId, userId } from '#domain/story/ids.ts';
import { NotKept, type ByteStore, type Growing } from './byte-store.ts';
import { IdbStore } from './idb-store.ts';
import { meaningOf } from './kept-take.ts';
import { describeKept } from './kept-words.ts';
import { recoveredTake } from './recovered-take.ts';
import { encodeChunk, encodeHead, UnreadableTake } from './take-file.ts';
import type { KeptOrigin } from './take-origin.ts';
import { framesOf, newTake, TakeShelf } from './take-shelf.ts';
import { mira, origin, rowsOf, shelfOf, uuid } from './testing/shelf-apart.ts';

async function capture(shelf: TakeShelf, about: KeptOrigin, frames: number): Promise<Growing> {
  const file = await shelf.create(about.takeId, 'raw');
  await file.append(encodeHead(about));
  const samples = Float32Array.from({ length: frames }, (_, index) => (index % 100) / 100);
  await file.append(encodeChunk({ atFrame: 0, samples, lostFrames: 0 }));
  return file;
}

describe('the shelf', () => {
  test('has a take whose row was never written', async () => {
    const { shelf } = shelfOf();
    await capture(shelf, origin(1, { leadFrames: 10 }), 50);
    const { takes, unreadable } = await shelf.content();
    expect(takes).toEqual([newTake(origin(1, { leadFrames: 10 }), { frames: 40 })]);
    expect(unreadable).toBe(0);
  });

  test('counts what nobody stopped, and notes it', async () => {
    const { shelf } = shelfOf();
    const take = newTake(origin(1));
    await shelf.put(take);
    await capture(shelf, take.origin, 50);
    expect(await framesOf(shelf, take)).toBe(50);
    expect((await shelf.find(take.origin.takeId))?.frames).toBe(50);
    const found = await recoveredTake(shelf, take);
    expect(found?.audio).toMatchObject({ kind: 'recording', raw: { frames: 50, fromFrames: 0 } });
  });

  test('knows of a take that nobody stopped that its sync is loose', async () => {
    const { shelf } = shelfOf();
    const about = origin(1, { loose: true });
    await capture(shelf, about, 50);
    const take = await shelf.find(about.takeId);
    if (take === null) throw new Error('it is not there');
    expect(await recoveredTake(shelf, take)).toMatchObject({ audio: { timing: { loose: true } } });
    await capture(shelf, origin(2), 50);
    const other = await recoveredTake(shelf, newTake(origin(2)));
    expect(other?.audio).toMatchObject({ timing: undefined });
  });

  test('reads the rows of earlier versions, which knew nothing of reviews', async () => {
    const { rows, shelf } = shelfOf();
    const { edit: _, ...row } = newTake(origin(1), { state: 'kept' });
    rows.set(uuid(1), { ...row, key: uuid(1) });
    expect(await shelf.find(takeId(uuid(1)))).toEqual(newTake(origin(1), { state: 'kept' }));
  });

  test('lets go of a take that has long been live once at a time, where the device hangs', async () => {
    const { shelf } = shelfOf();
    await shelf.put(newTake(origin(1), { state: 'live' }));
    const hangs = vi
      .spyOn(shelf, 'dropFiles')
      .mockReturnValue(Promise.withResolvers<never>().promise);
    for (const _ of [1, 2, 3]) expect(await shelf.content()).toEqual({ takes: [], unreadable: 0 });
    expect(hangs).toHaveBeenCalledTimes(1);
  });

  test('tries another time to let go of a take that has long been live, if the device failed', async () => {
    const { rows, shelf } = shelfOf();
    await shelf.put(newTake(origin(1), { state: 'live' }));
    vi.spyOn(shelf, 'dropFiles').mockRejectedValueOnce(new Error('the disk is busy'));
    const warned = vi.spyOn(console, 'warn').mockReturnValue();
    await shelf.content();
    await vi.waitFor(() => expect(warned).toHaveBeenCalled());
    await vi.waitFor(async () => {
      await shelf.content();
      expect(rows.size).toBe(0);
    });
  });

  test('known failure 43: says what it cannot read, and never writes over it', async () => {
    const { rows, shelf } = shelfOf();
    const broken = { key: uuid(1), state: 'of a later version' };
    rows.set(uuid(1), broken);
    const file = await shelf.create(takeId(uuid(2)), 'raw');
    await file.append(new Uint8Array([1, 2, 3]));
    expect(await shelf.content()).toEqual({ takes: [], unreadable: 2 });
    expect(await shelf.change(takeId(uuid(1)), (take) => ({ ...take, title: 'New' }))).toBeNull();
    expect(rows.get(uuid(1))).toEqual(broken);
    await expect(shelf.captured(takeId(uuid(2)), null)).rejects.toThrow(UnreadableTake);
    expect(await shelf.content()).toEqual({ takes: [], unreadable: 2 });
  });

  test('lets go of a take as a whole, and of nothing else', async () => {
    const { shelf } = shelfOf();
    for (const digit of [1, 2]) {
      await shelf.put(newTake(origin(digit)));
      await capture(shelf, origin(digit), 10);
    }
    await shelf.drop(takeId(uuid(1)));
    expect(await shelf.read(takeId(uuid(1)), 'raw')).toBeNull();
    expect((await shelf.content()).takes.map(({ origin: { takeId: id } }) => id)).toEqual([
      uuid(2),
    ]);
    expect(await shelf.read(takeId(uuid(2)), 'raw')).not.toBeNull();
  });

  test('keeps the row of a published take for a day, and nothing of it after that', async () => {
    const { rows, shelf } = shelfOf();
    const part = { part: 'sent', contentType: 'audio/wav', bytes: 1, uploadId: null } as const;
    const about = { ...part, sha256: '0'.repeat(64), place: { kind: 'plant', title: '' } } as const;
    const hour = 60 * 60 * 1_000;
    for (const [digit, hours] of [
      [1, 25],
      [2, 23],
    ] as const) {
      const sending = { ...about, queuedAtMs: Date.now() - hours * hour };
      await shelf.put(newTake(origin(digit), { state: 'live', sending }));
      await shelf.put(newTake(origin(digit + 2), { state: 'queued', sending }));
    }
    await capture(shelf, origin(1), 10);
    const there = (await shelf.content()).takes.map(({ origin: { takeId: id } }) => id);
    expect(there).toEqual([2, 3, 4].map(uuid));
    await vi.waitFor(() => expect([...rows.keys()].toSorted()).toEqual([2, 3, 4].map(uuid)));
    expect(await shelf.read(takeId(uuid(1)), 'raw')).toBeNull();
  });

  test('writes where it can: a device without files in place has rows', async () => {
    const refuses: ByteStore = {
      create: () => Promise.reject(new NotKept('failed')),
      read: async () => null,
      list: async () => [],
      remove: async () => undefined,
    };
    const { rows: _, ...db } = rowsOf();
    const shelf = new TakeShelf(db, [refuses, new IdbStore(rowsOf())]);
    await capture(shelf, origin(1), 10);
    expect((await shelf.captured(takeId(uuid(1)), null))?.samples.length).toBe(10);
    const full = { ...refuses, create: () => Promise.reject(new NotKept('full')) };
    const small = new TakeShelf(db, [full, new IdbStore(rowsOf())]);
    await expect(small.create(takeId(uuid(1)), 'raw')).rejects.toMatchObject({ why: 'full' });
  });
});

test('a take is offered to whose it is, and to nobody else', () => {
  const kept = newTake(origin(1), { state: 'kept' });
  const queued = newTake(origin(1), { state: 'queued' });
  const other = userId(uuid(6));
  expect(meaningOf(kept, mira, false)).toBe('offered');
  expect(meaningOf(kept, mira, true)).toBe('busy');
  expect(meaningOf(kept, other, false)).toBe('others');
  expect(meaningOf(kept, null, false)).toBe('offered');
  expect(meaningOf(newTake(origin(1, { userId: null })), mira, false)).toBe('offered');
  expect(meaningOf(queued, mira, true)).toBe('queued');
  expect(meaningOf(queued, null, false)).toBe('offered');
  expect(meaningOf(newTake(origin(1), { state: 'live' }), mira, false)).toBe('live');
});

test('a kept take is called by its time and its length', () => {
  const at = new Date(2026, 10, 27, 14, 2).getTime();
  const take = newTake(origin(1, { capturedAtMs: at }));
  const told = (durationSamples: number | null, laterMs = 0): string =>
    describeKept({ take, durationSamples }, at + laterMs);
  expect(told(31 * 48_000)).toBe('We kept your take from 14:02 (0:31)');
  expect(told(19_200)).toBe('We kept your take from 14:02 (0.4 s)');
  expect(told(null, 86_400_000)).toBe('We kept your take from 27 Nov, 14:02');
});
