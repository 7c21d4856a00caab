// A collab-server and two people who come and go: what most tests of live documents begin with.
import { afterAll, afterEach, beforeAll, vi } from 'vitest';
import * as Y from 'yjs';
import { wordsOf } from '#domain/story/document.ts';
import { enterRaw, type Framing, type RawSocket } from './raw.ts';
import {
  connect,
  connectPlain,
  person,
  plant,
  serve,
  type ServeSettings,
  type TestClient,
  type TestDatabase,
  type TestPerson,
  type TestServer,
  type TestStory,
} from './world.ts';

/** As long as anything may take on a machine that does twenty other things, milliseconds. */
const PATIENCE_MS = 50_000;

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
export const saved = (client: TestClient): Promise<void> =>
  holds('has nothing unsaved', () => isSaved(client));

function holds(what: string, check: () => boolean): Promise<void> {
  return eventually(() => {
    if (!check()) throw new Error(`still not: ${what}`);
  });
}

/** Does one after the other, all of them, then throws what the first that failed did. */
async function each(steps: readonly (() => unknown)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

/** A database that the house closes. */
interface OwnDatabase extends TestDatabase {
  close(): Promise<void>;
}

interface Opened<D> {
  readonly fresh: D;
  readonly server: TestServer;
  readonly mira: TestPerson;
  readonly jo: TestPerson;
}

/** The house of a file of tests: open before them all, empty after each, closed after the last. */
export function useHouse<D extends OwnDatabase>(
  openDatabase: () => Promise<D>,
  settings?: ServeSettings,
): TestHouse<D> {
  const house = new TestHouse<D>();
  beforeAll(() => house.open(openDatabase, settings));
  afterEach(() => house.leave());
  afterAll(() => house.close());
  return house;
}

export class TestHouse<D extends OwnDatabase = OwnDatabase> {
  #opened: Opened<D> | null = null;
  readonly #nodes: TestServer[] = [];
  readonly #leaving: (() => unknown)[] = [];

  async open(openDatabase: () => Promise<D>, settings?: ServeSettings): Promise<void> {
    const fresh = await openDatabase();
    const server = await serve(fresh, settings);
    this.#nodes.push(server);
    const [mira, jo] = [await person(fresh, 'Mira'), await person(fresh, 'Jo')];
    this.#opened = { fresh, server, mira, jo };
  }

  get fresh(): D {
    return this.#parts.fresh;
  }

  get server(): TestServer {
    return this.#parts.server;
  }

  get mira(): TestPerson {
    return this.#parts.mira;
  }

  get jo(): TestPerson {
    return this.#parts.jo;
  }

  get #parts(): Opened<D> {
    if (this.#opened === null) throw new Error('the house is not open');
    return this.#opened;
  }

  /** A story of Mira's with one written take. */
  plant(words = ''): Promise<TestStory> {
    return plant(this.fresh, this.mira.user.id, words);
  }

  /** One more collab-server on the same database, until the house is closed. */
  async openNode(settings?: ServeSettings): Promise<TestServer> {
    const node = await serve(this.fresh, settings);
    this.#nodes.push(node);
    return node;
  }

  /** Comes in; `leave` ends it. Null is a listener. */
  join(
    name: string,
    who: TestPerson | null,
    { url = this.server.url, doc = new Y.Doc() } = {},
  ): TestClient {
    const client = connect(url, name, who, doc);
    this.onLeave(() => client.destroy());
    return client;
  }

  /** The same with a client of y-websocket. */
  joinPlain(name: string, who: TestPerson | null): ReturnType<typeof connectPlain> {
    const client = connectPlain(this.server.url, name, who);
    this.onLeave(() => client.destroy());
    return client;
  }

  /** The same with frames of one's own; resolves once the document is open. */
  async joinRaw(
    name: string,
    who: TestPerson | null,
    { url = this.server.url, dialect }: { readonly url?: string; readonly dialect?: Framing } = {},
  ): Promise<RawSocket> {
    const raw = await enterRaw(url, name, who, dialect);
    this.onLeave(() => raw.socket.terminate());
    return raw;
  }

  /** What is done when the test is over, the latest first. */
  onLeave(leave: () => unknown): void {
    this.#leaving.push(leave);
  }

  /** Everybody leaves, whatever becomes of the others. @throws what the first who failed did */
  async leave(): Promise<void> {
    await each(this.#leaving.splice(0).toReversed());
  }

  async close(): Promise<void> {
    const stopAll = () => Promise.all(this.#nodes.map((node) => node.stopAll()));
    await each([() => this.leave(), stopAll, () => this.#opened?.fresh.close()]);
  }
}
