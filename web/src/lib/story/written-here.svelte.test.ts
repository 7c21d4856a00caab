import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Published } from '#domain/protocol/commands.ts';
import type { ProblemCode } from '#domain/protocol/problem.ts';
import { storyId, takeId, userId, type TakeId, type UserId } from '#domain/story/ids.ts';
import type { DraftDocument } from '../drafts/draft-document.ts';
import { draftsApart } from '../drafts/testing/drafts-apart.ts';
import { Refused, Unreachable } from '../upload/api.ts';
import {
  answer,
  device,
  keeping,
  mira,
  outboxApart,
  story,
  uuid,
  written,
} from '../upload/testing/outbox-apart.ts';
import type { WrittenTake, WrittenTakes } from '../upload/written-takes.ts';
import { WrittenHere } from './written-here.svelte.ts';

/** The words of the takes that the story has. */
const inStory = new Map<TakeId, string>();
afterEach(() => inStory.clear());

function here(
  store: WrittenTakes,
  publish: (take: WrittenTake) => Promise<Published>,
  who: UserId | null = mira,
) {
  const person = () => who;
  const { outbox, published } = outboxApart({ written: store, publish, person });
  const writtenHere = new WrittenHere({
    storyId: story,
    person,
    open: async () => store,
    outbox,
    isPublished: (id) => inStory.has(id),
    wordsOf: async (id) => inStory.get(id),
  });
  return { writtenHere, outbox, published };
}

const refusal = (code: ProblemCode) => new Refused(409, { code, message: 'No.' });

describe('takes that wait and are nobody’s', () => {
  it('become a draft of whoever comes next if they say so', async () => {
    const store = device(written(1, { userId: null, name: 'Jo' }));
    const { writtenHere, outbox, published } = here(store, async (take) => answer(take));
    const drafts = draftsOf();
    vi.spyOn(drafts, 'safe').mockResolvedValue();
    await writtenHere.start();
    writtenHere.follow(drafts);
    await outbox.send();
    expect([published, writtenHere.drafts]).toEqual([[], []]);
    const [asked] = outbox.items;
    if (asked === undefined) throw new Error('nothing waits');
    await writtenHere.reopen(asked);
    expect(writtenHere.drafts).toMatchObject([{ id: uuid(1), words: 'words 1' }]);
    expect([published, await store.waiting()]).toEqual([[], []]);
  });
});

/** A person's drafts, open on this page alone. */
function draftsOf(who = mira): DraftDocument {
  const { drafts, close } = draftsApart(who, story);
  closing.push(close);
  return drafts;
}

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

const ids = (drafts: readonly { readonly id: string }[]) => drafts.map(({ id }) => id);
const never = () => Promise.reject(new Unreachable('no line'));

const parent = (digit: number) => ({ parentId: takeId(uuid(digit)) });

describe('drafts', () => {
  it('of before there were documents move into the person’s, and leave the device', async () => {
    const store = keeping({
      waiting: [],
      drafts: [
        written(1, parent(1)),
        written(2, { ...parent(2), userId: null }),
        written(3, { ...parent(3), userId: userId(uuid(6)) }),
        written(4, { ...parent(4), storyId: storyId(uuid(5)) }),
      ],
    });
    const drafts = draftsOf();
    // Without a keeper nothing is safe on the device: what is saved is.
    vi.spyOn(drafts, 'safe').mockResolvedValue();
    const { writtenHere } = here(store, never);
    writtenHere.follow(drafts);
    await vi.waitFor(async () =>
      expect((await store.drafts()).map(({ atMs }) => atMs)).toEqual([3, 4]),
    );
    expect(ids(writtenHere.drafts)).toEqual([uuid(1), uuid(2)]);
    expect(writtenHere.drafts[0]).toMatchObject({ words: 'words 1', parentId: uuid(1) });
  });

  it('stay on the device until they are safe elsewhere', async () => {
    const store = keeping({ waiting: [], drafts: [written(1)] });
    const drafts = draftsOf();
    const safe = Promise.withResolvers<void>();
    vi.spyOn(drafts, 'safe').mockReturnValue(safe.promise);
    const { writtenHere } = here(store, never);
    writtenHere.follow(drafts);
    await vi.waitFor(() => expect(ids(writtenHere.drafts)).toEqual([uuid(1)]));
    expect(await store.drafts()).toHaveLength(1);
    safe.resolve();
    await vi.waitFor(async () => expect(await store.drafts()).toEqual([]));
  });

  it('of a person are not shown to whoever comes next', () => {
    const { writtenHere } = here(device(), never);
    const drafts = draftsOf();
    const leave = writtenHere.follow(drafts);
    drafts.begin(takeId(uuid(7)), 'Mine.');
    expect(writtenHere.drafts).toHaveLength(1);
    leave();
    writtenHere.follow(null);
    expect(writtenHere.drafts).toEqual([]);
    const next = draftsOf(userId(uuid(6)));
    writtenHere.follow(next);
    expect(writtenHere.drafts).toEqual([]);
  });

  it('that nobody wrote are shown while nobody is here', async () => {
    const store = keeping({ waiting: [], drafts: [written(1, { userId: null }), written(2)] });
    const { writtenHere } = here(
      keeping({ waiting: [], drafts: [written(1, { userId: null })] }),
      never,
      null,
    );
    writtenHere.follow(null);
    await vi.waitFor(() => expect(ids(writtenHere.drafts)).toEqual([uuid(1)]));
    const { writtenHere: ofMira } = here(store, never);
    await ofMira.refresh();
    expect(ofMira.drafts).toEqual([]);
  });

  it('are discarded, and that is undone', async () => {
    const { writtenHere } = here(device(), never);
    const drafts = draftsOf();
    writtenHere.follow(drafts);
    drafts.begin(takeId(uuid(7)), 'Once.');
    const [draft] = writtenHere.drafts;
    if (draft === undefined) throw new Error('no draft');
    await writtenHere.discard(draft);
    expect([writtenHere.drafts, writtenHere.discarded]).toEqual([[], draft]);
    await writtenHere.undoDiscard();
    expect([writtenHere.drafts, writtenHere.discarded]).toEqual([[draft], null]);
  });

  it('that nobody wrote stand beside each other over one take', async () => {
    const nobodys = { userId: null };
    const store = keeping({ waiting: [], drafts: [written(1, nobodys)] });
    const { writtenHere } = here(store, never, null);
    await writtenHere.refresh();
    const [draft] = writtenHere.drafts;
    if (draft === undefined) throw new Error('no draft');
    await writtenHere.discard(draft);
    expect(writtenHere.drafts).toEqual([]);
    await store.keepDraft(written(2, nobodys));
    await writtenHere.undoDiscard();
    expect(ids(writtenHere.drafts)).toEqual([uuid(1), uuid(2)]);
    // A row of before stays until its own take is dropped.
    const old = keeping({ waiting: [], drafts: [written(1, nobodys)] });
    await old.keepDraft(written(2, nobodys));
    await old.dropDraft(written(2, nobodys));
    expect(await old.drafts()).toEqual([written(1, nobodys)]);
  });

  it('that wait for the line are not drafts meanwhile, and none once they are published', async () => {
    const drafts = draftsOf();
    const id = drafts.begin(takeId(uuid(7)), 'Once.');
    const store = device(written(1, { takeId: id, words: 'Once.' }));
    const { writtenHere, outbox } = here(store, async (take) => answer(take));
    await writtenHere.start();
    writtenHere.follow(drafts);
    await outbox.refresh();
    expect([writtenHere.drafts, outbox.items]).toMatchObject([[], [{ step: { at: 'waiting' } }]]);
    expect(writtenHere.isSent(id)).toBe(true);
    await outbox.send();
    expect([drafts.drafts, outbox.items]).toEqual([[], []]);
  });

  it('are none any more if they come to the page after they were published from it', async () => {
    const id = takeId(uuid(1));
    const store = device(written(1, { words: 'Once.' }));
    const { writtenHere, outbox, published } = here(store, async (take) => answer(take));
    await writtenHere.start();
    await outbox.send();
    expect(published).toEqual([id]);
    const drafts = draftsOf();
    writtenHere.follow(drafts);
    drafts.put({ id, parentId: takeId(uuid(7)), beganMs: 1, words: 'Once.' });
    expect(drafts.drafts).toEqual([]);
  });

  it('are none any more if they were published by a page that did not live to say so', async () => {
    const drafts = draftsOf();
    const same = drafts.begin(takeId(uuid(7)), 'Once.');
    const more = drafts.begin(takeId(uuid(7)), 'Twice. And more.');
    const unknown = drafts.begin(takeId(uuid(7)), 'Thrice.');
    const state = { status: 'saved', writable: true, hasUnsaved: false, keptHere: true } as const;
    vi.spyOn(drafts, 'state', 'get').mockReturnValue(state);
    inStory.set(same, 'Once.').set(more, 'Twice.');
    const { writtenHere } = here(device(), never);
    expect([writtenHere.isSent(same), writtenHere.isSent(unknown)]).toEqual([true, false]);
    writtenHere.follow(drafts);
    await vi.waitFor(() => expect(ids(drafts.drafts)).not.toContain(more));
    const left = drafts.drafts.map(({ words }) => words).toSorted();
    expect(left).toEqual(['Thrice.', 'Twice. And more.']);
    expect(ids(drafts.drafts)).toContain(unknown);
  });

  it('keep what another device wrote while they were published', async () => {
    const drafts = draftsOf();
    const id = drafts.begin(takeId(uuid(7)), 'Once.');
    const store = device(written(1, { takeId: id, words: 'Once.' }));
    const { writtenHere, outbox } = here(store, async (take) => {
      drafts.wordsOf(id)?.insert(5, ' Upon a time.');
      return answer(take);
    });
    writtenHere.follow(drafts);
    await writtenHere.start();
    await outbox.send();
    expect(drafts.drafts).toMatchObject([{ parentId: uuid(7), words: 'Once. Upon a time.' }]);
    expect(ids(drafts.drafts)).not.toContain(id);
  });

  it('are again what the story did not take', async () => {
    const store = device(written(1));
    const { writtenHere, outbox } = here(store, async () => {
      throw refusal('not_found');
    });
    const drafts = draftsOf();
    vi.spyOn(drafts, 'safe').mockResolvedValue();
    writtenHere.follow(drafts);
    await writtenHere.start();
    await outbox.send();
    const [refused] = outbox.items;
    if (refused === undefined) throw new Error('nothing waits');
    await writtenHere.reopen(refused);
    expect(outbox.items).toEqual([]);
    expect(writtenHere.drafts).toMatchObject([{ id: uuid(1), words: 'words 1' }]);
  });

  it('are another take if the story has theirs already, with other words', async () => {
    const drafts = draftsOf();
    vi.spyOn(drafts, 'safe').mockResolvedValue();
    drafts.put({ id: takeId(uuid(1)), parentId: takeId(uuid(7)), beganMs: 1, words: 'words 1' });
    const { writtenHere, outbox } = here(device(written(1)), async () => {
      throw refusal('published_otherwise');
    });
    writtenHere.follow(drafts);
    await writtenHere.start();
    await outbox.send();
    inStory.set(takeId(uuid(1)), 'other words');
    const [refused] = outbox.items;
    if (refused === undefined) throw new Error('nothing waits');
    const id = (await writtenHere.reopen(refused))?.id;
    expect(id).not.toBe(uuid(1));
    expect(writtenHere.drafts).toMatchObject([{ id, words: 'words 1' }]);
    expect(drafts.drafts).toHaveLength(1);
  });
});
