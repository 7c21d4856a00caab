import * as fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { takeId, userId } from '#domain/story/ids.ts';
import { Unreachable } from './api.ts';
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

describe('takes over one that is on this device as well', () => {
  test('wait for it, without a line too', async () => {
    const over = written(2, { parentId: takeId(uuid(1)) });
    const { outbox } = outboxApart({
      written: device(written(1), over),
      publish: unused,
      isOnline: () => false,
    });
    await outbox.send();
    expect(outbox.items.map(({ step }) => describeStep(step))).toEqual([
      'Kept here. Waiting for network',
      'Kept here. It waits for your take above',
    ]);
  });

  test('known failure 40: wait for it, and say so', async () => {
    const tried: string[] = [];
    let isThere = false;
    const voices = voicesOf([recorded(1), recorded(2, 1), recorded(3)], async ({ origin }) => {
      tried.push(origin.takeId);
      if (!isThere && origin.takeId === uuid(1)) throw refusal('parent_not_ready');
      return answer(origin);
    });
    const { outbox, published } = outboxApart({ written: device(), voices, publish: unused });
    await outbox.send();
    expect(published).toEqual([uuid(3)]);
    expect(tried).not.toContain(uuid(2));
    expect(outbox.items.map(({ step }) => describeStep(step))).toEqual([
      'Kept here. No.',
      'Kept here. It waits for your take above',
    ]);
    isThere = true;
    await vi.waitFor(() => expect(published).toEqual([uuid(3), uuid(1), uuid(2)]));
  });

  test('wait for it if it was opened again and the story has it not, and are sent once it has', async () => {
    let isThere = false;
    const voices = voicesOf([recorded(1), recorded(2, 1)], async ({ origin }) => {
      if (!isThere) throw refusal('not_found', 404);
      return answer(origin);
    });
    await voices.withdrawn(takeId(uuid(1)));
    const { outbox, published } = outboxApart({ written: device(), voices, publish: unused });
    await outbox.send();
    expect(published).toEqual([]);
    expect(outbox.items.map(({ step }) => describeStep(step))).toEqual([
      'Kept here. It waits for the take that it answers, which is on this device and not published yet',
    ]);
    isThere = true;
    await vi.waitFor(() => expect(published).toEqual([uuid(2)]));
  });

  test('are refused if it was let go of, and the story never had it', async () => {
    const voices = voicesOf([recorded(2, 1)], () => Promise.reject(refusal('not_found', 404)));
    const { outbox } = outboxApart({ written: device(), voices, publish: unused });
    await outbox.send();
    expect(outbox.items).toMatchObject([{ step: { at: 'refused', isPlaceGone: true } }]);
  });

  test('are sent if it is in the story, though its author stopped it before that was known', async () => {
    const committed = Promise.withResolvers<void>();
    const voices = voicesOf([recorded(1), recorded(2, 1)], ({ origin }, _, signal) => {
      if (origin.takeId !== uuid(1)) return Promise.resolve(answer(origin));
      committed.resolve();
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
      });
    });
    const { outbox, published } = outboxApart({ written: device(), voices, publish: unused });
    const delivered = outbox.deliver(takeId(uuid(1)));
    await committed.promise;
    await outbox.withdraw(takeId(uuid(1)));
    await expect(delivered).rejects.toMatchObject({ name: 'AbortError' });
    expect(voices.rows[0]).toMatchObject({ state: 'kept' });
    await vi.waitFor(() => expect(published).toEqual([uuid(2)]));
  });

  test.each([
    ['was opened again', 'kept'],
    ['waits', 'queued'],
  ] as const)(
    'are sent if it is in the story, whose row here %s and is another’s',
    async (_, state) => {
      const parent = recorded(1);
      const theirs = { ...parent, state, origin: { ...parent.origin, userId: userId(uuid(6)) } };
      const sent = vi.fn<(digit: string) => void>();
      const voices = voicesOf([theirs, recorded(2, 1)], async ({ origin }) => {
        sent(origin.takeId);
        return answer(origin);
      });
      const { outbox, published } = outboxApart({ written: device(), voices, publish: unused });
      await outbox.send();
      expect(published).toEqual([uuid(2)]);
      expect(sent.mock.calls).toEqual([[uuid(2)]]);
    },
  );

  test('never come before their parent, in whatever order they are queued and whatever fails', async () => {
    const takes = fc.array(
      fc.record({
        parent: fc.nat(),
        faults: fc.array(fc.constantFrom('line', 'later'), { maxLength: 2 }),
      }),
      { minLength: 1, maxLength: 6 },
    );
    await fc.assert(
      fc.asyncProperty(takes, async (plan) => {
        const faults = new Map<string, ('line' | 'later')[]>();
        const rows = plan.map(({ parent, faults: of }, index) => {
          faults.set(uuid(index + 1), [...of]);
          // An earlier one, or one that has long been in the story.
          const answered = parent % (index + 1);
          return recorded(index + 1, answered === 0 ? 9 : answered);
        });
        const voices = voicesOf(rows, async ({ origin }) => {
          const fault = faults.get(origin.takeId)?.pop();
          if (fault === 'line') throw new Unreachable('no line');
          if (fault === 'later') throw refusal('too_many_requests', 429);
          return answer(origin);
        });
        const { outbox, published } = outboxApart({ written: device(), voices, publish: unused });
        await outbox.send();
        await vi.waitFor(() => expect(published).toHaveLength(rows.length), { interval: 1 });
        for (const { origin } of rows) {
          const parent = published.indexOf(String(origin.parentId));
          expect(parent).toBeLessThan(published.indexOf(origin.takeId));
        }
        expect(new Set(published).size).toBe(rows.length);
      }),
      { numRuns: 30 },
    );
  });
});
