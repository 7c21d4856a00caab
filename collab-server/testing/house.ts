// A collab-server and two people who come and go: what most tests of live documents begin with.
import { vi } from 'vitest';
import * as Y from 'yjs';
import { wordsOf } from '#domain/story/document.ts';
import {
  connect,
  connectPlain,
  person,
  serve,
  type ServeSettings,
  type TestClient,
  type TestDatabase,
  type TestPerson,
  type TestServer,
} from './world.ts';

const PATIENCE_MS = 20_000;

/** Resolves once a check passes, and fails as it fails if it never does. */
export const eventually = <T>(check: () => T | Promise<T>): Promise<T> =>
  vi.waitFor(check, { timeout: PATIENCE_MS, interval: 10 });

/** The text of somebody's copy of words. */
export const textOf = ({ doc }: { readonly doc: Y.Doc }): string => wordsOf(doc).toJSON();

/** True if somebody has all of a document, and the server all of theirs. */
export const isSaved = ({ provider }: TestClient): boolean =>
  provider.isSynced && !provider.hasUnsyncedChanges;

/** Resolves once somebody has a document. */
export const synced = ({ provider }: TestClient): Promise<void> =>
  holds('has the document', () => provider.isSynced);

/** Resolves once all that somebody wrote is saved. */
export const saved = ({ provider }: TestClient): Promise<void> =>
  holds('has nothing unsaved', () => !provider.hasUnsyncedChanges);

function holds(what: string, check: () => boolean): Promise<void> {
  return eventually(() => {
    if (!check()) throw new Error(`still not: ${what}`);
  });
}

export class TestHouse {
  readonly server: TestServer;
  readonly mira: TestPerson;
  readonly jo: TestPerson;
  readonly #leaving: { destroy(): void }[] = [];

  private constructor(server: TestServer, mira: TestPerson, jo: TestPerson) {
    this.server = server;
    this.mira = mira;
    this.jo = jo;
  }

  static async open(fresh: TestDatabase, settings?: ServeSettings): Promise<TestHouse> {
    const server = await serve(fresh, settings);
    return new TestHouse(server, await person(fresh, 'Mira'), await person(fresh, 'Jo'));
  }

  /** Comes in; `leave` ends it. Null is a listener. */
  join(
    name: string,
    who: TestPerson | null,
    { url = this.server.url, doc = new Y.Doc() } = {},
  ): TestClient {
    const client = connect(url, name, who, doc);
    this.#leaving.push(client);
    return client;
  }

  /** The same with a client of y-websocket. */
  joinPlain(name: string, who: TestPerson | null): ReturnType<typeof connectPlain> {
    const client = connectPlain(this.server.url, name, who);
    this.#leaving.push(client);
    return client;
  }

  /** Everybody leaves: belongs after each test. */
  leave(): void {
    for (const client of this.#leaving.splice(0)) client.destroy();
  }

  async close(): Promise<void> {
    this.leave();
    await this.server.stopAll();
  }
}
