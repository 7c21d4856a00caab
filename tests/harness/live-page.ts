// What a page shows of a story: its own code, on a line to a real collab-server that can be cut.
import { Client } from 'pg';
import { expect } from 'vitest';
import { SOCKET_PATH, type Presence, type ProgressNotice } from '#domain/protocol/room.ts';
import type { StoryView } from '#domain/story/document.ts';
import type { Connection } from '#lib/live/connection.ts';
import { StoryLink } from '#lib/live/story-link.ts';
import type { LostWords } from '#lib/words/lost-words.svelte.ts';
import type { WordsDocument } from '#lib/words/words-document.ts';
import { eventually, type TestHouse } from '../../collab-server/testing/house.ts';
import {
  headersOf,
  socketClass,
  type TestPerson,
  type TestStory,
} from '../../collab-server/testing/world.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

export interface LivePage {
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

/** Pages, and their lines to the house's server, until the test is over. */
export class LivePages {
  readonly #house: TestHouse;

  constructor(house: TestHouse) {
    this.#house = house;
  }

  async openLine(): Promise<TcpProxy> {
    const line = await startTcpProxy(this.#house.server.url);
    this.#house.onLeave(() => line.close());
    return line;
  }

  open(line: TcpProxy, story: TestStory, who: TestPerson | null): LivePage {
    const seen: Omit<LivePage, 'link'> = {
      who,
      view: null,
      others: [],
      notices: [],
      connection: 'connecting',
      signedOut: false,
      lost: [],
    };
    const WebSocket = function (address: string) {
      return new (socketClass(headersOf(seen.who)))(address);
    };
    const link = new StoryLink({
      storyId: story.storyId,
      self: who?.user ?? null,
      socket: { url: new URL(SOCKET_PATH, line.through(this.#house.server.url)).href, WebSocket },
      listener: {
        onView: (view) => (seen.view = view),
        onPresence: (others) => (seen.others = others),
        onProgress: (notice) => seen.notices.push(notice),
        onConnection: (connection) => (seen.connection = connection),
        onSignedOut: () => (seen.signedOut = true),
        onLost: (lost) => seen.lost.push(lost),
      },
    });
    this.#house.onLeave(() => link.destroy());
    return Object.assign(seen, { link });
  }
}

/** Resolves once a page has all there is, and hears what comes. */
export const live = (page: LivePage) => eventually(() => expect(page.connection).toBe('live'));

/** Resolves once words are as a page says that they are. */
export const becomes = (words: WordsDocument, status: string) =>
  eventually(() => expect(words.state.status).toBe(status));

/** Whom a page shows beside its own person. */
export const names = (page: LivePage) => page.others.map(({ user }) => user.name);

/** Keeps Postgres from taking updates until the returned function is called. */
export async function holdCommits(databaseUrl: string): Promise<() => Promise<void>> {
  const client = new Client(databaseUrl);
  await client.connect();
  await client.query('begin; lock table document_updates in exclusive mode');
  return async () => {
    await client.query('commit');
    await client.end();
  };
}
