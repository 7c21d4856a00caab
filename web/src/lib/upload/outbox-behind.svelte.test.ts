import * as fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { takeId } from '#domain/story/ids.ts';
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

  test('wait for it if it was opened again, and are sent once it is published', async () => {
    const voices = voicesOf([recorded(1), recorded(2, 1)], async ({ origin }) => answer(origin));
    await voices.withdrawn(takeId(uuid(1)));
    const { outbox, published } = outboxApart({ written: device(), voices, publish: unused });
    await outbox.send();
    expect(published).toEqual([]);
    expect(outbox.items.map(({ step }) => describeStep(step))).toEqual([
      'Kept here. It waits for the take that it answers, which you have not published yet',
    ]);
    await voices.published(takeId(uuid(1)), answer({ takeId: takeId(uuid(1)) }));
    await vi.waitFor(() => expect(published).toEqual([uuid(2)]));
  });

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
