import { describe, expect, test, vi } from 'vitest';
import { takeId } from '#domain/story/ids.ts';
import { tellChanged } from '../kept-takes/shelf-news.ts';
import { Refused } from './api.ts';
import { describeStep } from './sending-step.ts';
import { ownTimers } from './testing/own-timers.ts';
import {
  answer,
  device,
  outboxApart,
  recorded,
  refusal,
  unused,
  uuid,
  voicesOf,
} from './testing/outbox-apart.ts';

describe('a take that is delivered', () => {
  test('answers as soon as it is in the story, and tells how far it is', async () => {
    const steps: string[] = [];
    const uploading = { at: 'uploading', share: 0.5, waitMs: null, parts: 4, arrived: 2 } as const;
    const voices = voicesOf([recorded(1)], async ({ origin }, onstep) => {
      onstep(uploading);
      onstep({ at: 'publishing' });
      return answer(origin);
    });
    const { outbox } = outboxApart({ written: device(), voices, publish: unused });
    const published = await outbox.deliver(takeId(uuid(1)), (step) =>
      steps.push(describeStep(step)),
    );
    expect(published).toEqual(answer({ takeId: takeId(uuid(1)) }));
    expect(steps).toEqual(['Uploading part 3 of 4 · 50 %', 'Publishing', 'Live']);
  });

  test('tells whoever sent it why the story did not take it', async () => {
    const voices = voicesOf([recorded(1)], () => Promise.reject(refusal('forbidden')));
    const { outbox } = outboxApart({ written: device(), voices, publish: unused });
    await expect(outbox.deliver(takeId(uuid(1)))).rejects.toBeInstanceOf(Refused);
    expect(voices.rows).toMatchObject([{ state: 'queued', problem: { message: 'No.' } }]);
  });

  test('known failure 20: is live once the server has it, whatever this device says then', async () => {
    const voices = voicesOf([recorded(1)], async ({ origin }) => answer(origin));
    voices.published = () => Promise.reject(new Error('the disk is gone'));
    vi.spyOn(console, 'warn').mockReturnValue();
    const { outbox, published } = outboxApart({ written: device(), voices, publish: unused });
    expect(await outbox.deliver(takeId(uuid(1)))).toMatchObject({ takeId: uuid(1) });
    expect(published).toEqual([uuid(1)]);
    expect(outbox.items).toMatchObject([{ step: { at: 'live' } }]);
  });

  test('is live though the device hangs then, and what waits behind it is sent', async () => {
    const voices = voicesOf([recorded(1), recorded(2)], async ({ origin }) => answer(origin));
    const hangs = vi.fn<typeof voices.published>(() => Promise.withResolvers<never>().promise);
    voices.published = hangs;
    const { outbox, published } = outboxApart({ written: device(), voices, publish: unused });
    const passUntil = ownTimers();
    const delivered = outbox.deliver(takeId(uuid(1)));
    await passUntil(() => hangs.mock.calls.length === 2);
    await vi.runAllTimersAsync();
    expect(await delivered).toMatchObject({ takeId: uuid(1) });
    expect(published).toEqual([uuid(1), uuid(2)]);
  });

  test('is live if its author stops it when it is in the story already', async () => {
    const voices = voicesOf([recorded(1)], async ({ origin }) => answer(origin));
    const { outbox } = outboxApart({ written: device(), voices, publish: unused });
    const stopped = Promise.withResolvers<void>();
    // Once all that follows from it at once has followed.
    outbox.onPublished(({ takeId: id }) =>
      queueMicrotask(() => stopped.resolve(outbox.withdraw(id))),
    );
    expect(await outbox.deliver(takeId(uuid(1)))).toMatchObject({ takeId: uuid(1) });
    await stopped.promise;
    expect(voices.rows).toMatchObject([{ state: 'live' }]);
  });

  test('is not sent on if it is opened again meanwhile, in whichever tab', async () => {
    const sending = Promise.withResolvers<AbortSignal>();
    const voices = voicesOf([recorded(1)], (_take, _onstep, signal) => {
      sending.resolve(signal);
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
      });
    });
    const { outbox } = outboxApart({ written: device(), voices, publish: unused });
    outbox.start();
    const delivered = outbox.deliver(takeId(uuid(1)));
    expect((await sending.promise).aborted).toBe(false);
    // Another tab opens it, and says so.
    await voices.withdrawn(takeId(uuid(1)));
    tellChanged();
    await expect(delivered).rejects.toMatchObject({ name: 'AbortError' });
    expect(outbox.items).toEqual([]);
    expect(voices.rows).toMatchObject([{ state: 'kept' }]);
  });

  test('is kept if its author stops it', async () => {
    const voices = voicesOf([recorded(1), recorded(2)], ({ origin }, _, signal) =>
      origin.takeId === uuid(2)
        ? Promise.resolve(answer(origin))
        : new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason));
          }),
    );
    const { outbox } = outboxApart({ written: device(), voices, publish: unused });
    const delivered = outbox.deliver(takeId(uuid(1)));
    await vi.waitFor(() => expect(outbox.items).toHaveLength(2));
    await outbox.withdraw(takeId(uuid(1)));
    await expect(delivered).rejects.toMatchObject({ name: 'AbortError' });
    expect(voices.rows).toMatchObject([{ state: 'kept' }, { state: 'live' }]);
  });
});
