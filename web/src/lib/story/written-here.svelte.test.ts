import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Entered, Published } from '#domain/protocol/commands.ts';
import type { ProblemCode } from '#domain/protocol/problem.ts';
import { storyId, takeId, userId, type TakeId, type UserId } from '#domain/story/ids.ts';
import type { DeviceTable } from '../device/device-db.ts';
import type { DraftDocument } from '../drafts/draft-document.ts';
import { draftsApart } from '../drafts/testing/drafts-apart.ts';
import { Refused, Unreachable } from '../upload/api.ts';
import { writtenTakesIn, type WrittenTake, type WrittenTakes } from '../upload/written-takes.ts';
import { WrittenHere, type WrittenHereSettings } from './written-here.svelte.ts';

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

/** The words of the takes that the story has. */
const inStory = new Map<TakeId, string>();
afterEach(() => inStory.clear());

/** What a device keeps, in memory. */
function device(...takes: WrittenTake[]): WrittenTakes {
  return keeping({ waiting: takes, drafts: [] });
}

function keeping(kept: { waiting: WrittenTake[]; drafts: WrittenTake[] }): WrittenTakes {
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

const guest = userId(uuid(4));
const entered = (id: UserId, isNew: boolean): Entered => ({
  user: { id, name: 'Jo', hue: 1 },
  isNew,
});

function here(
  store: WrittenTakes,
  publish: (take: WrittenTake) => Promise<Published>,
  person: UserId | null | (() => UserId | null) = mira,
  session: Pick<WrittenHereSettings, 'enter' | 'onEntered'> = {
    enter: async () => entered(guest, true),
    onEntered: async () => undefined,
  },
) {
  const published: string[] = [];
  const writtenHere = new WrittenHere({
    storyId: story,
    person: typeof person === 'function' ? person : () => person,
    open: async () => store,
    ...session,
    publish,
    onPublished: (answer) => published.push(answer.takeId),
    isPublished: (id) => inStory.has(id),
    wordsOf: async (id) => inStory.get(id),
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

const nobodys = () => device(written(1, { userId: null, name: 'Jo' }));

describe('takes that wait and are nobody’s', () => {
  it('are all published as the guest who is made for the first of them', async () => {
    let person: UserId | null = null;
    const store = device(written(1, { userId: null }), written(2, { userId: null }));
    const sent: WrittenTake[] = [];
    const enter = vi.fn<WrittenHereSettings['enter']>().mockResolvedValue(entered(guest, true));
    const { writtenHere, published } = here(
      store,
      async (take) => {
        sent.push(take);
        return answer(take);
      },
      () => person,
      { enter, onEntered: async () => void (person = guest) },
    );
    await writtenHere.start();
    expect(published).toEqual([uuid(1), uuid(2)]);
    expect(sent.map(({ userId: as }) => as)).toEqual([guest, guest]);
    expect(enter).toHaveBeenCalledOnce();
    expect(await store.waiting()).toEqual([]);
  });

  it('are not published as whoever signed in elsewhere before the line was back', async () => {
    let person: UserId | null = null;
    const store = nobodys();
    const { writtenHere, published } = here(
      store,
      async (take) => answer(take),
      () => person,
      {
        enter: async () => entered(mira, false),
        onEntered: async () => void (person = mira),
      },
    );
    await writtenHere.start();
    expect(published).toEqual([]);
    expect(await store.waiting()).toEqual([written(1, { userId: null, name: 'Jo' })]);
    expect(writtenHere.waiting.map((one) => writtenHere.asks(one))).toEqual([true]);
  });

  it('wait for whoever comes next to say that they are theirs', async () => {
    const store = nobodys();
    const sent: WrittenTake[] = [];
    const { writtenHere, published } = here(store, async (take) => {
      sent.push(take);
      return answer(take);
    });
    const drafts = draftsOf();
    vi.spyOn(drafts, 'safe').mockResolvedValue();
    await writtenHere.start();
    writtenHere.follow(drafts);
    await writtenHere.send();
    expect([published, writtenHere.drafts]).toEqual([[], []]);
    const [asked] = writtenHere.waiting;
    if (asked === undefined) throw new Error('nothing waits');
    expect(writtenHere.asks(asked)).toBe(true);
    await writtenHere.claim(asked);
    expect(sent).toMatchObject([{ takeId: uuid(1), userId: mira }]);
    expect(await store.waiting()).toEqual([]);
  });

  it('become a draft of whoever comes next if they say so', async () => {
    const store = nobodys();
    const { writtenHere, published } = here(store, async (take) => answer(take));
    const drafts = draftsOf();
    vi.spyOn(drafts, 'safe').mockResolvedValue();
    await writtenHere.start();
    writtenHere.follow(drafts);
    const [asked] = writtenHere.waiting;
    if (asked === undefined) throw new Error('nothing waits');
    await writtenHere.reopen(asked);
    expect(writtenHere.drafts).toMatchObject([{ id: uuid(1), words: 'words 1' }]);
    expect([published, await store.waiting()]).toEqual([[], []]);
  });

  it('stay where they are if somebody comes while they are on their way', async () => {
    let person: UserId | null = null;
    const tried: string[] = [];
    const store = device(written(1, { userId: null }), written(2, { userId: null }));
    const publish = async (take: WrittenTake) => {
      tried.push(take.takeId);
      person = mira;
      throw refusal('not_found');
    };
    const { writtenHere } = here(store, publish, () => person);
    await writtenHere.start();
    expect(tried).toEqual([uuid(1)]);
    expect(await store.waiting()).toHaveLength(2);
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

describe('drafts', () => {
  it('of before there were documents move into the person’s, and leave the device', async () => {
    const parent = (digit: number) => ({ parentId: takeId(uuid(digit)) });
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
    const { writtenHere } = here(store, async (take) => answer(take));
    writtenHere.follow(drafts);
    await writtenHere.refresh();
    expect([writtenHere.drafts, writtenHere.waiting]).toMatchObject([[], [{ problem: null }]]);
    expect(writtenHere.isSent(id)).toBe(true);
    await writtenHere.send();
    expect([drafts.drafts, writtenHere.waiting]).toEqual([[], []]);
  });

  it('are none any more if they come to the page after they were published from it', async () => {
    const id = takeId(uuid(1));
    const store = device(written(1, { words: 'Once.' }));
    const { writtenHere, published } = here(store, async (take) => answer(take));
    await writtenHere.start();
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
    const { writtenHere } = here(store, async (take) => {
      drafts.wordsOf(id)?.insert(5, ' Upon a time.');
      return answer(take);
    });
    writtenHere.follow(drafts);
    await writtenHere.start();
    expect(drafts.drafts).toMatchObject([{ parentId: uuid(7), words: 'Once. Upon a time.' }]);
    expect(ids(drafts.drafts)).not.toContain(id);
  });

  it('are again what the story did not take', async () => {
    const store = device(written(1));
    const { writtenHere } = here(store, async () => {
      throw refusal('not_found');
    });
    const drafts = draftsOf();
    vi.spyOn(drafts, 'safe').mockResolvedValue();
    writtenHere.follow(drafts);
    await writtenHere.start();
    const [refused] = writtenHere.waiting;
    if (refused === undefined) throw new Error('nothing waits');
    await writtenHere.reopen(refused);
    expect(writtenHere.waiting).toEqual([]);
    expect(writtenHere.drafts).toMatchObject([{ id: uuid(1), words: 'words 1' }]);
  });

  it('are another take if the story has theirs already, with other words', async () => {
    const drafts = draftsOf();
    vi.spyOn(drafts, 'safe').mockResolvedValue();
    drafts.put({ id: takeId(uuid(1)), parentId: takeId(uuid(7)), beganMs: 1, words: 'words 1' });
    const { writtenHere } = here(device(written(1)), async () => {
      throw refusal('published_otherwise');
    });
    writtenHere.follow(drafts);
    await writtenHere.start();
    inStory.set(takeId(uuid(1)), 'other words');
    const [refused] = writtenHere.waiting;
    if (refused === undefined) throw new Error('nothing waits');
    const { id } = await writtenHere.reopen(refused);
    expect(id).not.toBe(uuid(1));
    expect(writtenHere.drafts).toMatchObject([{ id, words: 'words 1' }]);
    expect(drafts.drafts).toHaveLength(1);
  });
});
