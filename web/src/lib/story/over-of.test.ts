import { expect, test } from 'vitest';
import { takeId, type TakeId } from '#domain/story/ids.ts';
import type { Take } from '#domain/story/take.ts';
import { treeOf } from '#domain/story/tree.ts';
import { readingTime } from '#domain/timeline/duet.ts';
import { queuedWords, type OutboxItem } from '../upload/queued-take.ts';
import { mira, story as storyId, uuid, written } from '../upload/testing/outbox-apart.ts';
import { overOf } from './over-of.ts';

const id = (digit: number): TakeId => takeId(uuid(digit));
const minute = 60 * 48_000;

/** One without a length has no place yet. */
function take(digit: number, parent: number | null, durationSamples: number | null): Take {
  return {
    id: id(digit),
    parentId: parent === null ? null : id(parent),
    authorId: mira,
    kind: 'text',
    startSamples: (digit - 1) * minute,
    durationSamples,
    createdAtMs: digit,
    state: durationSamples === null ? { status: 'processing' } : { status: 'ready', mixed: true },
  };
}

function pageOf(takes: readonly Take[], items: readonly OutboxItem[]) {
  return {
    live: { tree: treeOf(takes), storyId, person: null },
    outbox: { of: () => items },
    voiceOf: () => ({ name: 'Mira', hue: 0 }),
  };
}

const waiting = (digit: number, parent: number): OutboxItem => ({
  ...queuedWords(written(digit, { parentId: id(parent) })),
  step: { at: 'waiting', share: 0 },
});

test('what waits is recorded over as this device has it, until the story has its place', async () => {
  const page = (durationSamples: number | null) =>
    pageOf([take(1, null, minute), take(2, 1, durationSamples)], [waiting(2, 1)]);
  const asWritten = { startSamples: minute, durationSamples: readingTime('words 2') };
  expect(await overOf(page(null), id(2))).toMatchObject({
    take: { id: id(2), ...asWritten },
    parent: { id: id(1) },
  });
  expect(await overOf(page(minute), id(2))).toMatchObject({
    take: { id: id(2), durationSamples: minute },
    parent: { id: id(1) },
  });
});

test('nothing is recorded over a take in place of another one', async () => {
  const page = pageOf([take(1, null, minute), take(2, 1, null)], [waiting(3, 2)]);
  for (const digit of [2, 3, 4]) await expect(overOf(page, id(digit))).rejects.toThrow('not here');
});
