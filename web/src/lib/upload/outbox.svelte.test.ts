import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Published } from '#domain/protocol/commands.ts';
import { storyId, takeId, userId } from '#domain/story/ids.ts';
import { Unreachable } from './api.ts';
import type { QueuedVoices } from './outbox-settings.ts';
import { describeStep } from './sending-step.ts';
import {
  answer,
  device,
  outboxApart,
  recorded,
  refusal,
  unused,
  uuid,
  voicesOf,
  written,
} from './testing/outbox-apart.ts';
import type { WrittenTake } from './written-takes.ts';

describe('takes that wait for the line', () => {
  test('are published oldest first, once each, and forgotten then', async () => {
    const store = device(written(1), written(2));
    const { outbox, published } = outboxApart({
      written: store,
      publish: async (take) => answer(take),
    });
    await Promise.all([outbox.send(), outbox.send()]);
    await outbox.send();
    expect(published).toEqual([uuid(1), uuid(2)]);
    expect(await store.waiting()).toEqual([]);
    expect(outbox.items).toEqual([]);
  });

  test('are one queue, whether they were written or spoken', async () => {
    const sent: string[] = [];
    const publish = async (take: WrittenTake): Promise<Published> => {
      sent.push(take.takeId);
      return answer(take);
    };
    const voices = voicesOf([recorded(2), recorded(4)], async ({ origin }) => {
      sent.push(origin.takeId);
      return answer(origin);
    });
    const store = device(written(1), written(3));
    const { outbox, published } = outboxApart({ written: store, voices, publish });
    await outbox.send();
    expect(sent).toEqual([1, 2, 3, 4].map(uuid));
    expect(published).toEqual(sent);
    expect(voices.rows.map(({ state }) => state)).toEqual(['live', 'live']);
  });

  test('stay, and the later ones behind them, until there is a line', async () => {
    let isThere = false;
    const tried: string[] = [];
    const publish = async (take: WrittenTake): Promise<Published> => {
      tried.push(take.takeId);
      if (!isThere) throw new Unreachable('no line');
      return answer(take);
    };
    const { outbox, published } = outboxApart({ written: device(written(1), written(2)), publish });
    await outbox.send();
    expect(new Set(tried)).toEqual(new Set([uuid(1)]));
    expect(outbox.items.map(({ step }) => describeStep(step))).toEqual([
      'Kept here. Waiting for network',
      'Kept here. Waiting for network',
    ]);
    isThere = true;
    await vi.waitFor(() => expect(published).toEqual([uuid(1), uuid(2)]));
  });

  test('that this device cannot read are told as refused, not as waiting for the line', async () => {
    const unreadable = new Error('unreadable');
    const voices = voicesOf([recorded(1)], () => Promise.reject(unreadable));
    const { outbox } = outboxApart({ written: device(), voices, publish: unused });
    await expect(outbox.deliver(takeId(uuid(1)))).rejects.toBe(unreadable);
    expect(outbox.items[0]?.step.at).toBe('refused');
  });

  test('are sent later if the store of the device fails once, and whoever asked is told', async () => {
    const fault = new Error('the store is closed');
    const voices = voicesOf([recorded(1)], async ({ origin }) => answer(origin));
    const all = vi.spyOn(voices, 'all').mockRejectedValueOnce(fault);
    const { outbox, published } = outboxApart({ written: device(), voices, publish: unused });
    await expect(outbox.deliver(takeId(uuid(1)))).rejects.toBe(fault);
    await vi.waitFor(() => expect(published).toEqual([uuid(1)]));
    expect(all.mock.calls.length).toBeGreaterThan(1);
  });

  test('are not even tried while the device says that it has no line', async () => {
    const { outbox } = outboxApart({
      written: device(written(1)),
      publish: unused,
      isOnline: () => false,
    });
    expect(await outbox.deliver(takeId(uuid(1)))).toBeNull();
    expect(outbox.items).toHaveLength(1);
  });

  test('known failure 42: are kept with the reason if the story refuses them, and not sent for ever', async () => {
    const store = device(written(1), written(2));
    const tried: string[] = [];
    const publish = async (take: WrittenTake): Promise<Published> => {
      tried.push(take.takeId);
      if (take.takeId === uuid(1)) throw refusal('not_found', 404);
      return answer(take);
    };
    const { outbox, published } = outboxApart({ written: store, publish });
    await outbox.send();
    await outbox.send();
    expect(published).toEqual([uuid(2)]);
    expect(tried).toEqual([uuid(1), uuid(2)]);
    expect(outbox.items).toMatchObject([
      { takeId: uuid(1), step: { at: 'refused', why: 'No.', isPlaceGone: true } },
    ]);
    expect(await store.waiting()).toHaveLength(1);
    await outbox.retry(takeId(uuid(1)));
    expect(tried).toEqual([uuid(1), uuid(2), uuid(1)]);
  });

  test('known failure 42: a spoken take that was refused is not sent by the next page either', async () => {
    const send = vi.fn<QueuedVoices['send']>().mockRejectedValue(refusal('not_found', 404));
    const voices = voicesOf([recorded(1)], send);
    const at = { written: device(), voices, publish: unused };
    await outboxApart(at).outbox.send();
    const { outbox } = outboxApart(at);
    await outbox.send();
    expect(send).toHaveBeenCalledTimes(1);
    expect(outbox.items.map(({ step }) => describeStep(step))).toEqual([
      'The story did not take it: No.',
    ]);
    send.mockResolvedValue(answer({ takeId: takeId(uuid(1)) }));
    await outbox.retry(takeId(uuid(1)));
    expect(voices.rows).toMatchObject([{ state: 'live', problem: null }]);
  });

  test.each([
    ['parent_unusable', 409, true],
    ['not_found', 404, true],
    ['upload_unknown', 404, false],
    ['published_otherwise', 409, false],
    ['unknown', 409, false],
  ] as const)(
    'known failure 42: refused as %s are not sent for ever',
    async (code, status, gone) => {
      const send = vi.fn<QueuedVoices['send']>().mockRejectedValue(refusal(code, status));
      const voices = voicesOf([recorded(1)], send);
      const { outbox } = outboxApart({ written: device(), voices, publish: unused });
      await outbox.send();
      await outbox.send();
      expect(send).toHaveBeenCalledTimes(1);
      expect(outbox.items).toMatchObject([{ step: { at: 'refused', isPlaceGone: gone } }]);
    },
  );

  test('wait on while their parent is being prepared', async () => {
    let isReady = false;
    const publish = async (take: WrittenTake): Promise<Published> => {
      if (!isReady) throw refusal('parent_not_ready');
      return answer(take);
    };
    const { outbox, published } = outboxApart({ written: device(written(1)), publish });
    await outbox.send();
    expect(outbox.items.map(({ step }) => describeStep(step))).toEqual(['Kept here. No.']);
    isReady = true;
    await vi.waitFor(() => expect(published).toEqual([uuid(1)]));
  });

  test.each([
    ['parent_not_ready', 409],
    ['too_many_requests', 429],
    ['unknown', 429],
  ] as const)(
    'are tried less and less often while the story answers %s, and at the usual pace after that',
    async (code, status) => {
      vi.useFakeTimers();
      onTestFinished(() => void vi.useRealTimers());
      const secondsBetween: number[] = [];
      let [before, isLineDown] = [Date.now(), false];
      const publish = async (): Promise<Published> => {
        secondsBetween.push((Date.now() - before) / 1_000);
        before = Date.now();
        throw isLineDown ? new Unreachable('no line') : refusal(code, status);
      };
      const at = { written: device(written(1)), publish, pauseMs: 1_000 };
      const { outbox } = outboxApart(at);
      outbox.start();
      await vi.advanceTimersByTimeAsync(31_000);
      expect(secondsBetween).toEqual([0, 1, 2, 4, 8, 8, 8]);
      isLineDown = true;
      await vi.advanceTimersByTimeAsync(10_000);
      expect(secondsBetween.slice(7)).toEqual([8, 1, 1]);
      outbox.stop();
      await vi.advanceTimersByTimeAsync(60_000);
      expect(secondsBetween).toHaveLength(10);
    },
  );

  test('are left alone if they are another person’s', async () => {
    const store = device(written(1, { userId: userId(uuid(6)) }));
    const { outbox, published } = outboxApart({
      written: store,
      publish: async (take) => answer(take),
    });
    await outbox.send();
    expect([published, outbox.items]).toEqual([[], []]);
    expect(await store.waiting()).toHaveLength(1);
  });

  test('of other stories are sent from any page, and shown by story', async () => {
    const other = storyId(uuid(5));
    const store = device(written(1, { storyId: other }), written(2));
    let isThere = false;
    const publish = async (take: WrittenTake): Promise<Published> => {
      if (!isThere) throw new Unreachable('no line');
      return answer(take);
    };
    const { outbox, published } = outboxApart({ written: store, publish });
    await outbox.send();
    expect(outbox.of(other).map(({ takeId: id }) => id)).toEqual([uuid(1)]);
    isThere = true;
    await vi.waitFor(() => expect(published).toEqual([uuid(1), uuid(2)]));
  });
});
