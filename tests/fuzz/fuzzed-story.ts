// One story under five people, two nodes, and everything that can happen to them, in an order that
// a seed brings back.
import { randomUUID } from 'node:crypto';
import * as Y from 'yjs';
import { compactDocument } from '#backend/postgres/compaction.ts';
import { readUpdates } from '#backend/postgres/documents.ts';
import { mergeIntoState } from '#backend/postgres/merge-updates.ts';
import { branchStory } from '#backend/story/branch.ts';
import { changeStory } from '#backend/story/change-story.ts';
import { setHidden, setLiked } from '#backend/story/change-take.ts';
import { checkStory } from '#backend/story/check-story.ts';
import { plantStory } from '#backend/story/plant.ts';
import type { Publishing } from '#backend/story/testing/publishing.ts';
import { keepVersions } from '#backend/words/versions.ts';
import { Problem } from '#domain/protocol/problem.ts';
import { roomName } from '#domain/protocol/room.ts';
import { wordsOf } from '#domain/story/document.ts';
import { takeId, type StoryId, type TakeId } from '#domain/story/ids.ts';

import { randomFrom } from '../../collab-server/testing/random.ts';
import { tokensIn } from '../../collab-server/testing/tally.ts';
import { person, type TestDatabase } from '../../collab-server/testing/world.ts';
import { brokenTree, Model } from './model.ts';
import type { FuzzNode } from './nodes.ts';
import { Peer, type Protocol } from './peer.ts';

/** Who is at which node, over what. */
const CAST: readonly (readonly [name: string, node: 0 | 1, protocol: Protocol])[] = [
  ['a', 0, 'hocuspocus'],
  ['b', 0, 'hocuspocus'],
  ['c', 0, 'y-websocket'],
  ['d', 1, 'hocuspocus'],
  ['e', 1, 'y-websocket'],
];
/** What the rules of a story may refuse. */
const REFUSALS: ReadonlySet<string> = new Set([
  'does_not_outlast_parent',
  'path_too_long',
  'too_many_requests',
]);

export class FuzzedStory {
  /** What was done so far, to be printed when something is wrong. */
  readonly trace: string[] = [];
  readonly #random: () => number;
  readonly #fresh: TestDatabase;
  readonly #site: Publishing;
  readonly #nodes: readonly FuzzNode[];
  readonly #peers: readonly Peer[];
  readonly #storyId: StoryId;
  readonly #tree: string;
  readonly #words: readonly string[];
  readonly #model: Model;
  /** Takes that may be hidden: the words of the others are open. */
  readonly #hideable: TakeId[] = [];
  #tokens = 0;

  private constructor(seed: number, parts: FuzzedParts) {
    this.#random = randomFrom(seed);
    this.#fresh = parts.fresh;
    this.#site = parts.site;
    this.#nodes = parts.nodes;
    this.#peers = parts.peers;
    this.#storyId = parts.storyId;
    this.#tree = roomName({ kind: 'story', storyId: parts.storyId });
    this.#words = parts.takes.map((id) => roomName({ kind: 'words', takeId: id }));
    this.#model = new Model(parts.title, parts.takes[0]);
    for (const id of parts.takes.slice(1)) this.#model.published(id, parts.takes[0]);
    for (const peer of this.#peers) for (const name of this.#documents()) peer.open(name);
  }

  /** Plants the story and lets everybody in. */
  static async begin(seed: number, { fresh, site, nodes }: FuzzedHouse): Promise<FuzzedStory> {
    const peers: Peer[] = [];
    for (const [name, node, protocol] of CAST) {
      const url = nodes[node]?.url ?? '';
      peers.push(new Peer({ name, protocol, url, who: await person(fresh, name) }));
    }
    const owner = peers[0]?.who.user ?? null;
    const title = `Seed ${seed}`;
    const body = { kind: 'text', words: '0;' };
    const [first, second] = [takeId(randomUUID()), takeId(randomUUID())];
    const { storyId } = await plantStory(site, owner, { takeId: first, title, body });
    await branchStory(site, owner, storyId, { takeId: second, parentId: first, body });
    const takes = [first, second] as const;
    const story = new FuzzedStory(seed, { fresh, site, nodes, peers, storyId, title, takes });
    for (const name of story.#words) story.#model.wrote(name, '0;');
    return story;
  }

  /** Does the next thing, and looks at what somebody has of the tree after it. */
  async step(): Promise<readonly string[]> {
    const peer = this.#pick(this.#peers);
    const dice = this.#random();
    let share = 0;
    for (const [weight, what, run] of this.#acts) {
      share += weight;
      if (dice >= share) continue;
      this.trace.push(`${peer.name} ${what} ${(await run(peer)) ?? ''}`.trim());
      break;
    }
    return brokenTree(this.#pick(this.#peers).doc(this.#tree));
  }

  /** Everybody comes back; then, once nothing is on the way any more, what this says must be nothing. */
  async comeTogether(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.settled()));
    for (const peer of this.#peers) if (peer.isAway) peer.comeBack();
    this.trace.push('all come together');
  }

  /** What is wrong, copies and log. */
  async faults(): Promise<string[]> {
    const faults: string[] = [];
    for (const name of this.#words) {
      const logged = await this.#logged(name);
      for (const [who, doc] of [...this.#copies(name), ['the log', logged] as const]) {
        const wrong = this.#model.faultsOfWords(name, doc);
        if (wordsOf(doc).toJSON() !== wordsOf(logged).toJSON()) wrong.push('other than the log');
        faults.push(...wrong.map((fault) => `${name} of ${who}: ${fault}`));
      }
    }
    for (const [who, doc] of this.#copies(this.#tree)) {
      faults.push(...this.#model.faultsOfTree(doc).map((fault) => `tree of ${who}: ${fault}`));
    }
    return faults;
  }

  /** How every copy stands, one line each. */
  standings(): string[] {
    return this.#documents().flatMap((name) =>
      this.#peers.map((peer) => `${name} of ${peer.name}: ${peer.standing(name)}`),
    );
  }

  /** What is wrong between documents and rows. */
  rowFaults(): Promise<readonly string[]> {
    return checkStory(this.#fresh.db, this.#storyId, { wordsLagMs: 0 });
  }

  end(): void {
    for (const peer of this.#peers) peer.destroy();
  }

  /** Chances of what may happen next; they add up to one. */
  readonly #acts: readonly (readonly [
    weight: number,
    what: string,
    run: (peer: Peer) => Promise<string | void> | string | void,
  ])[] = [
    [0.5, 'writes', (peer) => this.#write(peer)],
    [0.2, 'deletes', (peer) => this.#delete(peer)],
    // These cost a hundred times as much: rows, and the trees of both nodes.
    [0.03, 'branches', (peer) => this.#branch(peer)],
    [0.03, 'likes or not', (peer) => this.#like(peer)],
    [0.02, 'hides or shows', () => this.#hide()],
    [0.01, 'retitles', () => this.#retitle()],
    [0.152, 'leaves or comes back', (peer) => this.#toggle(peer)],
    [0.023, 'lets time pass', () => this.#pass()],
    [0.01, 'compacts', () => this.#compact()],
    [0.01, 'drops all sockets of a node', () => this.#pick(this.#nodes).drop()],
    [0.01, 'cuts the notices off', () => this.#deafen()],
    [0.002, 'restarts a node', () => this.#pick(this.#nodes).restart()],
    [0.003, 'kills a node', () => this.#pick(this.#nodes).kill()],
  ];

  #documents(): readonly string[] {
    return [this.#tree, ...this.#words];
  }

  #copies(name: string): (readonly [string, Y.Doc])[] {
    return this.#peers.map((peer) => [peer.name, peer.doc(name)]);
  }

  async #logged(name: string): Promise<Y.Doc> {
    const doc = new Y.Doc();
    for (const { update } of await readUpdates(this.#fresh.db, name)) Y.applyUpdate(doc, update);
    return doc;
  }

  #pick<T>(among: readonly T[]): T {
    const picked = among[Math.floor(this.#random() * among.length)];
    if (picked === undefined) throw new Error('nothing to pick from');
    return picked;
  }

  #write(peer: Peer): string {
    const name = this.#pick(this.#words);
    const text = wordsOf(peer.doc(name));
    const places = tokensIn(text.toJSON());
    const before = Math.floor(this.#random() * (places.length + 1));
    const token = `${peer.name}${(this.#tokens += 1)};`;
    // Never within a token.
    text.insert(places.slice(0, before).join('').length, token);
    this.#model.wrote(name, token);
    return token;
  }

  #delete(peer: Peer): string | void {
    const name = this.#pick(this.#words);
    const text = wordsOf(peer.doc(name));
    const places = tokensIn(text.toJSON());
    const at = Math.floor(this.#random() * places.length);
    const token = places[at];
    if (token === undefined) return undefined;
    text.delete(places.slice(0, at).join('').length, token.length);
    this.#model.deleted(name, token);
    return token;
  }

  async #branch(peer: Peer): Promise<string> {
    const shown = [...this.#model.takes].filter(([, { isHidden }]) => !isHidden);
    const [parentId] = this.#pick(shown);
    const id = takeId(randomUUID());
    const command = { takeId: id, parentId, body: { kind: 'text', words: 'Once more.' } };
    try {
      await branchStory(this.#site, peer.who.user, this.#storyId, command);
    } catch (error) {
      if (error instanceof Problem && REFUSALS.has(error.code)) return error.code;
      throw error;
    }
    this.#model.published(id, parentId);
    this.#hideable.push(id);
    return `${parentId} with ${id}`;
  }

  async #like(peer: Peer): Promise<string> {
    const shown = [...this.#model.takes].filter(([, { isHidden }]) => !isHidden);
    const [id, { likes }] = this.#pick(shown);
    const { user } = peer.who;
    const liked = !likes.has(user.id);
    await setLiked(this.#fresh.db, user, { takeId: id, liked });
    if (liked) likes.add(user.id);
    else likes.delete(user.id);
    return id;
  }

  async #hide(): Promise<string | void> {
    if (this.#hideable.length === 0) return undefined;
    const id = this.#pick(this.#hideable);
    const take = this.#model.takes.get(id);
    if (take === undefined) return undefined;
    await setHidden(this.#site, this.#owner(), { takeId: id, hidden: !take.isHidden });
    take.isHidden = !take.isHidden;
    return id;
  }

  async #retitle(): Promise<void> {
    const title = `Title ${Math.floor(this.#random() * 1e6)}`;
    await changeStory(this.#fresh.db, this.#owner(), this.#storyId, { title });
    this.#model.title = title;
  }

  #toggle(peer: Peer): string {
    if (peer.isAway) peer.comeBack();
    else peer.leave();
    return peer.isAway ? 'leaves' : 'comes back';
  }

  /** What is on the way gets some way. */
  async #pass(): Promise<void> {
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  async #compact(): Promise<string> {
    const name = this.#pick(this.#documents());
    await compactDocument(this.#fresh.db, name, {
      merge: mergeIntoState,
      keep: keepVersions,
    });
    return name;
  }

  async #deafen(): Promise<void> {
    await this.#fresh.pool.query(`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and query ilike 'listen %'`);
  }

  #owner() {
    const [owner] = this.#peers;
    if (owner === undefined) throw new Error('nobody is there');
    return owner.who.user;
  }
}

/** Where stories are fuzzed, one after the other. */
export interface FuzzedHouse {
  readonly fresh: TestDatabase;
  readonly site: Publishing;
  readonly nodes: readonly [FuzzNode, FuzzNode];
}

interface FuzzedParts extends FuzzedHouse {
  readonly peers: readonly Peer[];
  readonly storyId: StoryId;
  readonly title: string;
  readonly takes: readonly [TakeId, TakeId];
}
