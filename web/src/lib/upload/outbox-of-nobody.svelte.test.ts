import { describe, expect, test, vi } from 'vitest';
import type { Published } from '#domain/protocol/commands.ts';
import { takeId, type UserId } from '#domain/story/ids.ts';
import type { OutboxSettings } from './outbox-settings.ts';
import {
  answer,
  device,
  entered,
  guest,
  mira,
  outboxApart,
  recorded,
  refusal,
  uuid,
  voicesOf,
  written,
} from './testing/outbox-apart.ts';
import type { WrittenTake } from './written-takes.ts';

const nobodys = () => device(written(1, { userId: null, name: 'Jo' }));

describe('takes that wait and are nobody’s', () => {
  test('are all published as the guest who is made for the first of them', async () => {
    let person: UserId | null = null;
    const store = device(written(1, { userId: null }), written(3, { userId: null }));
    const sent: (UserId | null)[] = [];
    const spoken = recorded(2);
    const nobodysVoice = { ...spoken, origin: { ...spoken.origin, userId: null } };
    const voices = voicesOf([nobodysVoice], async ({ origin }) => {
      sent.push(origin.userId);
      return answer(origin);
    });
    const enter = vi.fn<OutboxSettings['enter']>().mockResolvedValue(entered(guest, true));
    const { outbox, published } = outboxApart({
      written: store,
      voices,
      publish: async (take) => {
        sent.push(take.userId);
        return answer(take);
      },
      person: () => person,
      enter,
      onEntered: async () => void (person = guest),
    });
    await outbox.send();
    expect(published).toEqual([1, 2, 3].map(uuid));
    expect(sent).toEqual([guest, guest, guest]);
    expect(enter).toHaveBeenCalledOnce();
    expect(await store.waiting()).toEqual([]);
  });

  test('are not published as whoever signed in elsewhere before the line was back', async () => {
    let person: UserId | null = null;
    const store = nobodys();
    const { outbox, published } = outboxApart({
      written: store,
      publish: async (take) => answer(take),
      person: () => person,
      enter: async () => entered(mira, false),
      onEntered: async () => void (person = mira),
    });
    await outbox.send();
    expect(published).toEqual([]);
    expect(await store.waiting()).toEqual([written(1, { userId: null, name: 'Jo' })]);
    expect(outbox.items).toMatchObject([{ step: { at: 'asks' } }]);
  });

  test('wait for whoever comes next to say that they are theirs', async () => {
    const store = nobodys();
    const sent: WrittenTake[] = [];
    const { outbox, published } = outboxApart({
      written: store,
      publish: async (take) => {
        sent.push(take);
        return answer(take);
      },
    });
    await outbox.send();
    expect(published).toEqual([]);
    expect(outbox.items).toMatchObject([{ step: { at: 'asks' } }]);
    await outbox.claim(takeId(uuid(1)));
    expect(sent).toMatchObject([{ takeId: uuid(1), userId: mira, renames: false }]);
    expect(await store.waiting()).toEqual([]);
  });

  test('stay where they are if somebody comes while they are on their way', async () => {
    let person: UserId | null = null;
    const tried: string[] = [];
    const store = device(written(1, { userId: null }), written(2, { userId: null }));
    const publish = async (take: WrittenTake): Promise<Published> => {
      tried.push(take.takeId);
      person = mira;
      throw refusal('not_found');
    };
    const { outbox } = outboxApart({ written: store, publish, person: () => person });
    await outbox.send();
    expect(tried).toEqual([uuid(1)]);
    expect(await store.waiting()).toHaveLength(2);
  });
});
