// A room in which somebody means harm: collab-servers as processes of their own, and people who
// read and write honestly while it is tried.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as Y from 'yjs';
import { wordsOf } from '#domain/story/document.ts';
import { saved, synced, textOf } from './house.ts';
import { CollabProcesses, type CollabProcess } from './process.ts';
import { enterRaw, type Framing, type RawSocket } from './raw.ts';
import {
  connect,
  person,
  plant,
  type TestClient,
  type TestDatabase,
  type TestPerson,
  type TestStory,
} from './world.ts';

/**
 * Within so long somebody else comes in and has an edit saved, whatever was refused before it,
 * milliseconds of processor time: what else a busy machine does meanwhile is not the node's fault.
 */
const BYSTANDER_MS = 2_000;

/** What somebody writes into a document of their own. */
export function updateOf(write: (doc: Y.Doc) => void, doc = new Y.Doc()): Uint8Array {
  write(doc);
  return Y.encodeStateAsUpdate(doc);
}

export interface RawAsked {
  /** Document name; the words of the story, if it is left out. */
  readonly name?: string;
  readonly at?: CollabProcess;
  readonly dialect?: Framing;
}

export class RefusalRoom {
  readonly fresh: TestDatabase;
  readonly mira: TestPerson;
  readonly jo: TestPerson;
  readonly #processes = new CollabProcesses();
  readonly #nodes: CollabProcess[] = [];
  readonly #dataDir: string;
  readonly #leaving: (() => void)[] = [];
  #story: TestStory | null = null;

  private constructor(fresh: TestDatabase, people: readonly TestPerson[], dataDir: string) {
    const [mira, jo] = people;
    if (mira === undefined || jo === undefined) throw new Error('two people are needed');
    this.fresh = fresh;
    this.mira = mira;
    this.jo = jo;
    this.#dataDir = dataDir;
  }

  static async open(fresh: TestDatabase): Promise<RefusalRoom> {
    const people = [await person(fresh, 'Mira'), await person(fresh, 'Jo')];
    const room = new RefusalRoom(
      fresh,
      people,
      await mkdtemp(path.join(tmpdir(), 'tap-refusals-')),
    );
    await room.startNode();
    return room;
  }

  get story(): TestStory {
    if (this.#story === null) throw new Error('nothing is planted');
    return this.#story;
  }

  /** The node at which everybody is who is not sent to another. */
  get node(): CollabProcess {
    const [node] = this.#nodes;
    if (node === undefined) throw new Error('no node runs');
    return node;
  }

  async startNode(): Promise<CollabProcess> {
    const node = await this.#processes.start({
      databaseUrl: this.fresh.url,
      dataDir: this.#dataDir,
    });
    this.#nodes.push(node);
    return node;
  }

  async plant(): Promise<void> {
    this.#story = await plant(this.fresh, this.mira.user.id, 'Base.');
  }

  /** Enters the words; resolves once they are there. */
  async join(who: TestPerson, at = this.node, doc = new Y.Doc()): Promise<TestClient> {
    const client = connect(at.url, this.story.words, who, doc);
    this.onLeave(() => client.destroy());
    await synced(client);
    return client;
  }

  /** Enters with frames of one's own. */
  async raw(who: TestPerson | null, asked: RawAsked = {}): Promise<RawSocket> {
    const { name = this.story.words, at = this.node, dialect = 'hocuspocus' } = asked;
    const client = await enterRaw(at.url, name, who, dialect);
    this.onLeave(() => client.socket.terminate());
    return client;
  }

  onLeave(leave: () => void): void {
    this.#leaving.push(leave);
  }

  /** Somebody else writes in the same words, and it is soon saved, by the same processes as ever. */
  async staysWhole(): Promise<void> {
    const began = this.node.cpuMs();
    const bystander = await this.join(this.mira);
    wordsOf(bystander.doc).insert(0, 'still here ');
    await saved(bystander);
    if (this.node.cpuMs() - began > BYSTANDER_MS) throw new Error('everybody was held up');
    const reader = await this.join(this.jo);
    if (!textOf(reader).includes('still here ')) throw new Error('a saved edit is not there');
    for (const leave of this.#leaving.splice(0)) leave();
    for (const node of this.#nodes) {
      if (!node.isRunning()) throw new Error(`a node has ended:\n${node.log.join('\n')}`);
    }
  }

  async close(): Promise<void> {
    await this.#processes.killAll();
    await rm(this.#dataDir, { recursive: true, force: true });
  }
}
