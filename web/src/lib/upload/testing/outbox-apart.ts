// An outbox of a test's own: what a device keeps, in memory.
import type { Entered, Published } from '#domain/protocol/commands.ts';
import { storyId, takeId, userId, type UserId } from '#domain/story/ids.ts';
import type { DeviceTable } from '../../device/device-db.ts';
import type { OutboxSettings, QueuedVoices } from '../outbox-settings.ts';
import { Outbox } from '../outbox.svelte.ts';
import { writtenTakesIn, type WrittenTake, type WrittenTakes } from '../written-takes.ts';

export const uuid = (digit: number): string =>
  `${String(digit).repeat(8)}-1111-4111-8111-111111111111`;
export const story = storyId(uuid(9));
export const mira = userId(uuid(8));

/** Mira's take number `digit`, written at that time. */
export function written(digit: number, change: Partial<WrittenTake> = {}): WrittenTake {
  return {
    takeId: takeId(uuid(digit)),
    userId: mira,
    storyId: story,
    parentId: takeId(uuid(7)),
    after: 'Jo',
    words: `words ${digit}`,
    name: 'Mira',
    renames: false,
    atMs: digit,
    ...change,
  };
}

/** The takes that a device keeps. */
export function device(...waiting: WrittenTake[]): WrittenTakes {
  return keeping({ waiting, drafts: [] });
}

export function keeping(kept: { waiting: WrittenTake[]; drafts: WrittenTake[] }): WrittenTakes {
  const tables: Partial<Record<DeviceTable, Map<string, object>>> = {
    waiting: new Map(kept.waiting.map((take) => [take.takeId, take])),
    drafts: new Map(kept.drafts.map((take) => [`${take.storyId}:${take.parentId}`, take])),
  };
  return writtenTakesIn({
    all: async (table) => [...(tables[table]?.values() ?? [])],
    change: async (table, key, change) => {
      const row = change(tables[table]?.get(key));
      if (row === null) tables[table]?.delete(key);
      else tables[table]?.set(key, row);
    },
  });
}

export interface Apart {
  readonly written: WrittenTakes;
  readonly voices?: QueuedVoices | null;
  readonly publish: (take: WrittenTake) => Promise<Published>;
  readonly person?: () => UserId | null;
  readonly isOnline?: () => boolean;
  /** Left out, whoever has no session becomes `guest`. */
  readonly enter?: OutboxSettings['enter'];
  readonly onEntered?: OutboxSettings['onEntered'];
  readonly pauseMs?: number;
}

export const guest = userId(uuid(4));
export const entered = (id: UserId, isNew: boolean): Entered => ({
  user: { id, name: 'Jo', hue: 1 },
  isNew,
});

/** An outbox that tries again at once; `published` are the takes in the order of their answers. */
export function outboxApart({ written: store, voices = null, publish, ...rest }: Apart) {
  const { person = () => mira, isOnline = () => true, pauseMs = 1 } = rest;
  const { enter = async () => entered(guest, true), onEntered = async () => undefined } = rest;
  const outbox = new Outbox({
    person,
    written: async () => store,
    voices: async () => voices,
    sendWords: publish,
    enter,
    onEntered,
    alone: (work) => work(),
    isOnline,
    pauseMs,
  });
  const published: string[] = [];
  outbox.onPublished((answer) => published.push(answer.takeId));
  return { outbox, published };
}

export const answer = (take: { readonly takeId: WrittenTake['takeId'] }): Published => ({
  storyId: story,
  slug: 'a-story',
  takeId: take.takeId,
});
