// What becomes of drafts that a page could not get saved, against a real collab-server.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { SOCKET_PATH } from '#domain/protocol/room.ts';
import { DRAFT_ROOT } from '#domain/story/draft.ts';
import type { TakeId } from '#domain/story/ids.ts';
import type { DraftDocument } from '#lib/drafts/draft-document.ts';
import { outdatedWords } from '#lib/live/close-rules.ts';
import { StoryLink } from '#lib/live/story-link.ts';
import type { LostWords } from '#lib/words/lost-words.svelte.ts';
import {
  headersOf,
  person,
  plant,
  serve,
  socketClass,
  type TestPerson,
  type TestServer,
  type TestStory,
} from '../collab-server/testing/world.ts';
import { freshDatabase, type FreshDatabase } from './harness/database.ts';

let fresh: FreshDatabase;
let server: TestServer;
let mira: TestPerson;
let story: TestStory;
const leaving: { destroy(): void }[] = [];

beforeAll(async () => {
  // Hocuspocus prints why it closes a connection.
  vi.spyOn(console, 'error').mockReturnValue();
  fresh = await freshDatabase();
  server = await serve(fresh);
});
beforeEach(async () => {
  mira = await person(fresh, 'Mira');
  story = await plant(fresh, mira.user.id, 'Once.');
});
afterEach(() => {
  for (const one of leaving.splice(0)) one.destroy();
});
afterAll(async () => {
  await server.stopAll();
  await fresh.close();
});

const eventually = (check: () => void) => vi.waitFor(check, { timeout: 60_000, interval: 20 });

/** A page of Mira's, and what its line has told it. */
class Page {
  readonly lost: LostWords[] = [];
  readonly troubles: string[] = [];
  readonly opened: DraftDocument[] = [];
  readonly link = new StoryLink({
    storyId: story.storyId,
    self: mira.user,
    socket: {
      url: `ws://127.0.0.1:${server.port}${SOCKET_PATH}`,
      WebSocket: socketClass(headersOf(mira)),
    },
    listener: {
      onView: () => undefined,
      onPresence: () => undefined,
      onProgress: () => undefined,
      onConnection: () => undefined,
      onDrafts: (drafts) => {
        if (drafts !== null) this.opened.push(drafts);
      },
      onLost: (lost) => this.lost.push(lost),
      onTrouble: (words) => this.troubles.push(words),
    },
  });

  constructor() {
    leaving.push(this.link);
  }

  get drafts(): DraftDocument {
    const last = this.opened.at(-1);
    if (last === undefined) throw new Error('no drafts were opened');
    return last;
  }

  async saved(): Promise<void> {
    await eventually(() => {
      const { status, hasUnsaved } = this.drafts.state;
      if (status !== 'saved' || hasUnsaved) throw new Error(`the drafts are ${status}`);
    });
  }

  /** Writes at the end of a draft. */
  add(id: TakeId, words: string): void {
    const text = this.drafts.wordsOf(id);
    text?.insert(text.length, words);
  }

  /** What no page of ours writes, and the server takes from nobody. */
  spoil(id: TakeId): void {
    const root = this.drafts
      .wordsOf(id)
      ?.doc?.getMap<{ set(key: string, value: string): void }>(DRAFT_ROOT);
    root?.get(id)?.set('colour', 'green');
  }
}

test('drafts that the server refuses are handed back, and not sent again', async () => {
  const page = new Page();
  await page.saved();
  const calm = page.drafts.begin(story.seedId, 'The sea was calm.');
  const other = page.drafts.begin(story.seedId, 'It rained.');
  await page.saved();
  page.add(calm, ' They sailed.');
  page.spoil(calm);
  await eventually(() => expect(page.lost).toHaveLength(1));
  expect(page.lost).toMatchObject([
    {
      takeId: calm,
      over: story.seedId,
      text: 'The sea was calm. They sailed.',
      why: 'refused',
      person: mira.user,
    },
  ]);
  expect(page.opened).toHaveLength(2);
  expect(page.opened[0]).toMatchObject({ hasEnded: true, isRefused: true });
  // What it had of them, the server has, and what is written now it takes.
  await page.saved();
  expect(page.drafts.drafts.map(({ id }) => id).toSorted()).toEqual([calm, other].toSorted());
  page.drafts.begin(story.seedId, 'The sea was calm. They sailed.');
  await page.saved();
  expect([page.lost.length, page.opened.length]).toEqual([1, 2]);
});

test('a page is not called outdated by refusals between which the server took what it wrote', async () => {
  const page = new Page();
  await page.saved();
  for (let times = 1; times <= 4; times += 1) {
    const id = page.drafts.begin(story.seedId, `Draft ${times}.`);
    await page.saved();
    page.spoil(id);
    await eventually(() => expect(page.opened).toHaveLength(times + 1));
    await page.saved();
  }
  expect(page.troubles).not.toContain(outdatedWords);
});

test('what was written without a line into a draft that another device discarded comes back', async () => {
  const [phone, laptop] = [new Page(), new Page()];
  await Promise.all([phone.saved(), laptop.saved()]);
  const calm = phone.drafts.begin(story.seedId, 'The sea was calm.');
  const other = phone.drafts.begin(story.seedId, 'It rained.');
  await phone.saved();
  await eventually(() => expect(laptop.drafts.drafts).toHaveLength(2));
  phone.link.networkChanged(false);
  phone.add(calm, ' They sailed.');
  laptop.drafts.discard(calm);
  laptop.drafts.discard(other);
  await laptop.saved();
  phone.link.networkChanged(true);
  await eventually(() => expect(phone.drafts.drafts).toEqual([]));
  expect(phone.lost).toMatchObject([
    { takeId: calm, over: story.seedId, text: 'The sea was calm. They sailed.', why: 'gone' },
  ]);
  expect(laptop.lost).toEqual([]);
});

test('a draft that is discarded once all of it is saved is gone without a word', async () => {
  const [phone, laptop] = [new Page(), new Page()];
  await Promise.all([phone.saved(), laptop.saved()]);
  const calm = phone.drafts.begin(story.seedId, 'The sea was calm.');
  await phone.saved();
  await eventually(() => expect(laptop.drafts.drafts).toHaveLength(1));
  laptop.drafts.discard(calm);
  await eventually(() => expect(phone.drafts.drafts).toEqual([]));
  expect(phone.lost).toEqual([]);
});
