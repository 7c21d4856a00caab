// An outbox of a test's own: what a device keeps, in memory.
import { onTestFinished } from 'vitest';
import type { Entered, Published } from '#domain/protocol/commands.ts';
import { storyId, takeId, userId, type TakeId, type UserId } from '#domain/story/ids.ts';
import type { DeviceTable } from '../../device/device-db.ts';
import type { KeptTake } from '../../kept-takes/kept-take.ts';
import { newTake } from '../../kept-takes/take-shelf.ts';
import { Refused, type Refusal } from '../api.ts';
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

/**
 * An outbox that tries again at once, until the test ends; `published` are the takes in the order of
 * their answers.
 */
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
  onTestFinished(() => outbox.stop());
  const published: string[] = [];
  outbox.onPublished((answer) => published.push(answer.takeId));
  return { outbox, published };
}

export const answer = (take: { readonly takeId: WrittenTake['takeId'] }): Published => ({
  storyId: story,
  slug: 'a-story',
  takeId: take.takeId,
});

export const refusal = (code: Refusal['code'], status = 409) =>
  new Refused(status, { code, message: 'No.' });

/** Mira's recorded take number `digit`, sent off at that time. */
export function recorded(digit: number, parent = 7): KeptTake {
  const id = takeId(uuid(digit));
  const parentId = takeId(uuid(parent));
  const origin = {
    takeId: id,
    userId: mira,
    storyId: story,
    parentId,
    slug: 'a-story',
    after: 'Jo',
    punchSamples: 0,
    sampleRate: 48_000,
    leadFrames: 0,
    compensationFrames: 0,
    capturedAtMs: digit,
    device: '',
  };
  const place = { kind: 'branch', storyId: story, parentId } as const;
  const file = {
    part: 'sent',
    contentType: 'audio/wav',
    bytes: 1,
    sha256: '0'.repeat(64),
  } as const;
  const sending = { queuedAtMs: digit, ...file, uploadId: null, place };
  return newTake(origin, { state: 'queued', sending });
}

/** Spoken takes of a device, in memory. */
export function voicesOf(
  takes: KeptTake[],
  send: QueuedVoices['send'],
): QueuedVoices & { rows: KeptTake[] } {
  const rows = [...takes];
  const change = (id: TakeId, facts: Partial<KeptTake>): void => {
    const at = rows.findIndex(({ origin }) => origin.takeId === id);
    const row = rows[at];
    if (row !== undefined) rows[at] = { ...row, ...facts };
  };
  return {
    rows,
    all: async () => rows,
    published: async (id, published) => change(id, { state: 'live', published }),
    refused: async (id, problem) => change(id, { problem }),
    signed: async (id, userId) => {
      const origin = rows.find((row) => row.origin.takeId === id)?.origin;
      if (origin !== undefined) change(id, { origin: { ...origin, userId } });
    },
    withdrawn: async (id) => change(id, { state: 'kept' }),
    send,
  };
}

/** For an outbox that is given nothing written. */
export const unused = (): never => {
  throw new Error('nothing is written');
};
