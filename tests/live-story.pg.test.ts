// What a page shows of a story, against a real collab-server on a line that can be cut.
import { createServer, connect as dial, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { createSessions } from '#backend/accounts/sessions.ts';
import { notify } from '#backend/postgres/notices.ts';
import { MAX_WORDS_LENGTH } from '#domain/protocol/commands.ts';
import { SOCKET_PATH, type Presence, type ProgressNotice } from '#domain/protocol/room.ts';
import type { StoryView } from '#domain/story/document.ts';
import type { Connection } from '#lib/live/connection.ts';
import { StoryLink } from '#lib/live/story-link.ts';
import type { LostWords } from '#lib/words/lost-words.svelte.ts';
import type { WordsDocument } from '#lib/words/words-document.ts';
import {
  headersOf,
  ORIGIN,
  person,
  plant,
  publishTake,
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
let jo: TestPerson;
const leaving: { destroy(): void }[] = [];

beforeAll(async () => {
  fresh = await freshDatabase();
  server = await serve(fresh);
  mira = await person(fresh, 'Mira');
  jo = await person(fresh, 'Jo');
});

afterEach(() => {
  for (const one of leaving.splice(0)) one.destroy();
});

afterAll(async () => {
  await server.stopAll();
  await fresh.close();
});

/** A wire to the server that a test may cut. */
class Line {
  readonly #sockets = new Set<Socket>();
  #server: Server | null = null;
  #port = 0;

  static async open(): Promise<Line> {
    const line = new Line();
    await line.mend();
    leaving.push({ destroy: () => line.cut() });
    return line;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.#port}${SOCKET_PATH}`;
  }

  cut(): void {
    this.#server?.close();
    this.#server = null;
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  async mend(): Promise<void> {
    this.#server = createServer((near) => this.#join(near, dial(server.port, '127.0.0.1')));
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (address !== null && typeof address === 'object') this.#port = address.port;
  }

  #join(near: Socket, far: Socket): void {
    for (const socket of [near, far]) {
      this.#sockets.add(socket);
      socket.on('error', () => socket.destroy());
    }
    near.pipe(far).pipe(near);
  }
}

interface Page {
  readonly link: StoryLink;
  /** Whose cookie the browser sends; changing it counts from the next socket on. */
  who: TestPerson | null;
  view: StoryView | null;
  others: Presence[];
  readonly notices: ProgressNotice[];
  connection: Connection;
  signedOut: boolean;
  readonly lost: LostWords[];
}

function open(line: Line, story: TestStory, who: TestPerson | null): Page {
  const seen = {
    who,
    view: null,
    others: [],
    notices: [],
    connection: 'connecting',
    signedOut: false,
    lost: [],
  } as Omit<Page, 'link'>;
  const WebSocket = function (address: string) {
    return new (socketClass(headersOf(seen.who)))(address);
  };
  const link = new StoryLink({
    storyId: story.storyId,
    self: who?.user ?? null,
    socket: { url: line.url, WebSocket },
    listener: {
      onView: (view) => (seen.view = view),
      onPresence: (others) => (seen.others = others),
      onProgress: (notice) => seen.notices.push(notice),
      onConnection: (connection) => (seen.connection = connection),
      onSignedOut: () => (seen.signedOut = true),
      onLost: (lost) => seen.lost.push(lost),
    },
  });
  leaving.push(link);
  return Object.assign(seen, { link });
}

const eventually = <T>(check: () => T | Promise<T>) =>
  vi.waitFor(check, { timeout: 15_000, interval: 10 });
const live = (page: Page) => eventually(() => expect(page.connection).toBe('live'));
const becomes = (words: WordsDocument, status: string) =>
  eventually(() => expect(words.state.status).toBe(status));
const names = (page: Page) => page.others.map(({ user }) => user.name);

/** Keeps Postgres from taking updates until the returned function is called. */
async function holdCommits(): Promise<() => Promise<void>> {
  const client = new Client(fresh.url);
  await client.connect();
  await client.query('begin; lock table document_updates in exclusive mode');
  return async () => {
    await client.query('commit');
    await client.end();
  };
}

async function inLog(story: TestStory): Promise<number> {
  const { rows } = await fresh.pool.query<{ bytes: number }>(
    'select coalesce(sum(length(update)), 0)::int as bytes from document_updates where document = $1',
    [story.words],
  );
  return rows[0]?.bytes ?? 0;
}

describe('a page', () => {
  test('of a listener shows the tree, and a take that is published meanwhile', async () => {
    const story = await plant(fresh, mira.user.id);
    const page = open(await Line.open(), story, null);
    await live(page);
    expect(page.view?.takes.map(({ id }) => id)).toEqual([story.seedId]);
    expect(page.view?.voices.get(mira.user.id)?.name).toBe('Mira');
    const branch = await publishTake(fresh, {
      storyId: story.storyId,
      parentId: story.seedId,
      authorId: jo.user.id,
    });
    await eventually(() => expect(page.view?.takes.map(({ id }) => id)).toContain(branch));
    expect(page.view?.meta?.revision).toBe(2);
  });

  test('hears how far the worker is, even as a listener', async () => {
    const story = await plant(fresh, mira.user.id);
    const page = open(await Line.open(), story, null);
    await live(page);
    const notice = { type: 'progress', takeId: story.seedId, stage: 'render', done: 0.5 } as const;
    await fresh.db.transaction((tx) =>
      notify(tx, 'take_progress', { storyId: story.storyId, notice }),
    );
    await eventually(() => expect(page.notices).toEqual([notice]));
  });

  test('shows others once each, what they record over, and when they are away', async () => {
    const story = await plant(fresh, mira.user.id);
    const line = await Line.open();
    const [first, second, jos, listener] = [
      open(line, story, mira),
      open(line, story, mira),
      open(line, story, jo),
      open(line, story, null),
    ];
    for (const page of [first, second, jos, listener]) await live(page);
    await eventually(() => expect(names(jos)).toEqual(['Mira']));
    await eventually(() => expect(names(listener)).toEqual(['Jo', 'Mira']));
    await eventually(() => expect(names(first)).toEqual(['Jo']));
    second.link.recordingOver(story.seedId);
    await eventually(() => expect(jos.others[0]?.recordingOver).toBe(story.seedId));
    second.link.recordingOver(null);
    await eventually(() =>
      expect(jos.others.map(({ recordingOver }) => recordingOver ?? null)).toEqual([null]),
    );
    jos.link.setAway(true);
    await eventually(() => expect(names(first)).toEqual([]));
    jos.link.setAway(false);
    await eventually(() => expect(names(first)).toEqual(['Jo']));
  });

  test('of a listener who became a guest is seen by others, and may write', async () => {
    const story = await plant(fresh, mira.user.id, 'Once');
    const line = await Line.open();
    const miras = open(line, story, mira);
    const page = open(line, story, null);
    await live(miras);
    await live(page);
    const words = page.link.openWords(story.seedId);
    await becomes(words, 'saved');
    expect(words.state.writable).toBe(false);
    expect(names(miras)).toEqual([]);
    page.who = jo;
    page.link.reconnect(jo.user);
    await eventually(() => expect(names(miras)).toEqual(['Jo']));
    await eventually(() => expect(words.state.writable).toBe(true));
    words.text.insert(4, ' upon');
    await becomes(words, 'saved');
    const hers = miras.link.openWords(story.seedId);
    await eventually(() => expect(hers.text.toJSON()).toBe('Once upon'));
  });

  test('says that it is offline, catches up, and is live again', async () => {
    const story = await plant(fresh, mira.user.id);
    const line = await Line.open();
    const page = open(line, story, null);
    await live(page);
    line.cut();
    await eventually(() => expect(page.connection).toBe('offline'));
    const missed = await publishTake(fresh, {
      storyId: story.storyId,
      parentId: story.seedId,
      authorId: jo.user.id,
    });
    await line.mend();
    await live(page);
    expect(page.view?.takes.map(({ id }) => id)).toContain(missed);
  });

  test('is seen by the others again as soon as its line is back', async () => {
    const story = await plant(fresh, mira.user.id);
    const line = await Line.open();
    const miras = open(await Line.open(), story, mira);
    const jos = open(line, story, jo);
    await eventually(() => expect(names(miras)).toEqual(['Jo']));
    line.cut();
    await eventually(() => expect(names(miras)).toEqual([]));
    await line.mend();
    await live(jos);
    await vi.waitFor(() => expect(names(miras)).toEqual(['Jo']), { timeout: 2_000, interval: 10 });
  });
});

/** Mira and Jo have the words of the same take open; Jo's line may be cut. */
async function together() {
  const story = await plant(fresh, mira.user.id, 'Once upon a time');
  const line = await Line.open();
  const cuttable = await Line.open();
  const hers = open(line, story, mira);
  const his = open(cuttable, story, jo);
  const words = {
    hers: hers.link.openWords(story.seedId),
    his: his.link.openWords(story.seedId),
  };
  await becomes(words.hers, 'saved');
  await becomes(words.his, 'saved');
  return { story, hers, his, words, cuttable };
}

describe('words', () => {
  test('show the other caret, behind the letter it stands behind', async () => {
    const { words } = await together();
    words.his.setCaret({ anchor: 4, head: 9 });
    await eventually(() =>
      expect(words.hers.state.carets).toMatchObject([{ user: { name: 'Jo' }, anchor: 4, head: 9 }]),
    );
    words.hers.text.insert(0, '* ');
    expect(words.hers.state.carets).toMatchObject([{ anchor: 6, head: 11 }]);
    words.his.setCaret(null);
    await eventually(() => expect(words.hers.state.carets).toEqual([]));
  });

  test('are not called saved before they are committed', async () => {
    const { story, words } = await together();
    const before = await inLog(story);
    const release = await holdCommits();
    words.hers.text.insert(16, ', in a lighthouse');
    await eventually(() => expect(words.his.text.toJSON()).toContain('lighthouse'));
    expect(words.hers.state).toMatchObject({ status: 'saving', hasUnsaved: true });
    await release();
    await becomes(words.hers, 'saved');
    expect(await inLog(story)).toBeGreaterThan(before);
  });

  test('written offline are called saved only when the last of them is committed', async () => {
    const { story, words, cuttable } = await together();
    const before = await inLog(story);
    cuttable.cut();
    await becomes(words.his, 'offline');
    expect(words.his.state.hasUnsaved).toBe(false);
    for (const letter of 'there stood') words.his.text.insert(0, letter);
    expect(words.his.state).toMatchObject({ status: 'offline', hasUnsaved: true });
    const release = await holdCommits();
    await cuttable.mend();
    const statuses: string[] = [];
    words.his.subscribe(() => statuses.push(words.his.state.status));
    await eventually(() => expect(words.hers.text.length).toBe(27));
    expect(await inLog(story)).toBe(before);
    expect(statuses).not.toContain('saved');
    await release();
    await becomes(words.his, 'saved');
    expect(await inLog(story)).toBeGreaterThan(before);
  });

  test('that became too long together are kept apart until they are shortened', async () => {
    const { words, hers, his, cuttable } = await together();
    cuttable.cut();
    await becomes(words.his, 'offline');
    words.hers.text.insert(0, 'a'.repeat(3_000));
    words.his.text.insert(0, 'b'.repeat(3_000));
    await becomes(words.hers, 'saved');
    await cuttable.mend();
    await becomes(words.his, 'refused');
    expect(words.his.state.hasUnsaved).toBe(true);
    expect(words.his.text.length).toBeGreaterThan(MAX_WORDS_LENGTH);
    await live(his);
    await eventually(() => expect(names(hers)).toEqual(['Jo']));
    words.his.text.delete(0, 2_000);
    await becomes(words.his, 'saved');
    await eventually(() => expect(words.hers.text.toJSON()).toBe(words.his.text.toJSON()));
  });
});

test('whoever is signed out is told so, listens on, and writes again as somebody else', async () => {
  const ada = await person(fresh, 'Ada');
  const story = await plant(fresh, ada.user.id, 'Base.');
  const line = await Line.open();
  const page = open(line, story, ada);
  await live(page);
  const hers = page.link.openWords(story.seedId);
  await becomes(hers, 'saved');
  hers.text.insert(0, 'Ada. ');
  await becomes(hers, 'saved');
  await createSessions({ db: fresh.db, origin: ORIGIN }).revokeAll(ada.user.id);
  await vi.waitFor(() => expect(page.signedOut).toBe(true), { timeout: 2_000, interval: 10 });
  expect(hers.hasEnded).toBe(true);
  expect(page.lost).toEqual([]);
  // The browser has lost its cookie by now: the server took it away.
  page.who = null;
  page.link.reconnect(null);
  const words = page.link.openWords(story.seedId);
  await eventually(() => expect(words.state).toMatchObject({ status: 'saved', writable: false }));
  const bea = await person(fresh, 'Bea');
  page.who = bea;
  page.link.reconnect(bea.user);
  await eventually(() => expect(words.state.writable).toBe(true));
  words.text.insert(0, 'Bea. ');
  await becomes(words, 'saved');
  const reader = open(line, story, bea);
  const read = reader.link.openWords(story.seedId);
  await eventually(() => expect(read.text.toJSON()).toBe('Bea. Ada. Base.'));
});

describe('what somebody wrote and could not get saved', () => {
  test('is set aside when their session ends, and never sent as whoever comes next', async () => {
    const ada = await person(fresh, 'Ada');
    const bea = await person(fresh, 'Bea');
    const story = await plant(fresh, ada.user.id, 'Base.');
    const page = open(await Line.open(), story, ada);
    const hers = page.link.openWords(story.seedId);
    await becomes(hers, 'saved');
    page.link.networkChanged(false);
    hers.text.insert(5, ' Unsaved.');
    // The browser has another person's cookie when the line comes back, and the page is still Ada's.
    page.who = bea;
    page.link.networkChanged(true);
    await eventually(() => expect(page.signedOut).toBe(true));
    expect(hers.state.status).not.toBe('saved');
    expect(page.lost).toMatchObject([
      { base: 'Base.', text: 'Base. Unsaved.', why: 'session', person: ada.user },
    ]);
    page.link.reconnect(bea.user);
    const beas = page.link.openWords(story.seedId);
    await becomes(beas, 'saved');
    expect(beas.text.toJSON()).toBe('Base.');
  });

  test('is set aside when the server refuses it, and what others write goes on', async () => {
    const story = await plant(fresh, mira.user.id, 'Base.');
    const line = await Line.open();
    const page = open(line, story, mira);
    const other = open(line, story, jo);
    const words = page.link.openWords(story.seedId);
    const others = other.link.openWords(story.seedId);
    await becomes(words, 'saved');
    await becomes(others, 'saved');
    // Formatted text is no text of ours: the server takes no such update.
    words.text.insert(5, ' Unfit.', { bold: true });
    await eventually(() => expect(page.lost).toHaveLength(1));
    expect(page.lost).toMatchObject([{ base: 'Base.', text: 'Base. Unfit.', why: 'refused' }]);
    expect(words.hasEnded).toBe(true);
    others.text.insert(0, 'Jo. ');
    await becomes(others, 'saved');
    const again = page.link.openWords(story.seedId);
    await eventually(() => expect(again.text.toJSON()).toBe('Jo. Base.'));
    const [lost] = page.lost;
    await eventually(() => expect(again.state.writable).toBe(true));
    expect(lost !== undefined && again.putBack(lost)).toBe(true);
    await becomes(again, 'saved');
    await eventually(() => expect(others.text.toJSON()).toBe('Jo. Base. Unfit.'));
  });

  test('is said to be late while the server does not store it', async () => {
    const story = await plant(fresh, mira.user.id, 'Base.');
    const page = open(await Line.open(), story, mira);
    const words = page.link.openWords(story.seedId);
    await becomes(words, 'saved');
    const release = await holdCommits();
    try {
      words.text.insert(5, ' Late.');
      await becomes(words, 'late');
      words.text.insert(11, ' Later.');
      expect(words.state.status).toBe('late');
    } finally {
      await release();
    }
    await becomes(words, 'saved');
  });
});
