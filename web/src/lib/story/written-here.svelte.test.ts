import { describe, expect, it, vi } from 'vitest';
import type { Published } from '#domain/protocol/commands.ts';
import type { ProblemCode } from '#domain/protocol/problem.ts';
import { storyId, takeId, userId } from '#domain/story/ids.ts';
import { Refused, Unreachable } from '../upload/api.ts';
import type { WrittenTake, WrittenTakes } from '../upload/written-takes.ts';
import { WrittenHere } from './written-here.svelte.ts';

const uuid = (digit: number) => `${String(digit).repeat(8)}-1111-4111-8111-111111111111`;
const story = storyId(uuid(9));
const mira = userId(uuid(8));

function written(digit: number, change: Partial<WrittenTake> = {}): WrittenTake {
  return {
    takeId: takeId(uuid(digit)),
    userId: mira,
    storyId: story,
    parentId: takeId(uuid(7)),
    after: 'Jo',
    words: `words ${digit}`,
    name: 'Mira',
    atMs: digit,
    ...change,
  };
}

/** What a device keeps, in memory. */
function device(...takes: WrittenTake[]): WrittenTakes {
  const waiting = new Map(takes.map((take) => [take.takeId, take]));
  return {
    drafts: async () => [],
    waiting: async () => [...waiting.values()],
    keepDraft: async () => undefined,
    dropDraft: async () => undefined,
    queue: async (take) => void waiting.set(take.takeId, take),
    dequeue: async (id) => void waiting.delete(id),
  };
}

function here(store: WrittenTakes, publish: (take: WrittenTake) => Promise<Published>) {
  const published: string[] = [];
  const writtenHere = new WrittenHere({
    storyId: story,
    person: () => mira,
    open: async () => store,
    publish,
    onPublished: (answer) => published.push(answer.takeId),
    pauseMs: 1,
  });
  return { writtenHere, published };
}

const answer = (take: WrittenTake): Published => ({
  storyId: story,
  slug: 'a-story',
  takeId: take.takeId,
});

const refusal = (code: ProblemCode) => new Refused(409, { code, message: 'No.' });

describe('takes that wait for the line', () => {
  it('are published oldest first, once each, and forgotten then', async () => {
    const store = device(written(1), written(2));
    const { writtenHere, published } = here(store, async (take) => answer(take));
    await Promise.all([writtenHere.start(), writtenHere.send()]);
    await writtenHere.send();
    expect(published).toEqual([uuid(1), uuid(2)]);
    expect(await store.waiting()).toEqual([]);
    expect(writtenHere.waiting).toEqual([]);
  });

  it('stay, and the later ones behind them, until there is a line', async () => {
    let isThere = false;
    const tried: string[] = [];
    const { writtenHere, published } = here(device(written(1), written(2)), async (take) => {
      tried.push(take.takeId);
      if (!isThere) throw new Unreachable('no line');
      return answer(take);
    });
    await writtenHere.start();
    expect(new Set(tried)).toEqual(new Set([uuid(1)]));
    expect(writtenHere.waiting.map(({ problem }) => problem)).toEqual([null, null]);
    isThere = true;
    await vi.waitFor(() => expect(published).toEqual([uuid(1), uuid(2)]));
  });

  it('are kept with the reason if the story refuses them, and hold nobody up', async () => {
    const store = device(written(1), written(2));
    const { writtenHere, published } = here(store, async (take) => {
      if (take.takeId === uuid(1)) throw refusal('not_found');
      return answer(take);
    });
    await writtenHere.start();
    expect(published).toEqual([uuid(2)]);
    expect(writtenHere.waiting).toEqual([{ take: written(1), problem: 'No.' }]);
    expect(await store.waiting()).toHaveLength(1);
  });

  it('wait on while their parent is being prepared', async () => {
    let isReady = false;
    const { writtenHere, published } = here(device(written(1)), async (take) => {
      if (!isReady) throw refusal('parent_not_ready');
      return answer(take);
    });
    await writtenHere.start();
    expect(writtenHere.waiting).toEqual([{ take: written(1), problem: null }]);
    isReady = true;
    await vi.waitFor(() => expect(published).toEqual([uuid(1)]));
  });

  it('are left alone if they are of another story or another person', async () => {
    const store = device(
      written(1, { storyId: storyId(uuid(5)) }),
      written(2, { userId: userId(uuid(6)) }),
    );
    const { writtenHere, published } = here(store, async (take) => answer(take));
    await writtenHere.start();
    expect([published, writtenHere.waiting]).toEqual([[], []]);
    expect(await store.waiting()).toHaveLength(2);
  });
});
