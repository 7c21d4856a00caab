// A tree as its readers are served it: bytes that the thread of the trees made, and no document.
import * as Y from 'yjs';
import type { Connection } from '@hocuspocus/server';
import type { StoryId } from '#domain/story/ids.ts';
import {
  MalformedFrame,
  statusFrame,
  STEP,
  syncFrame,
  withAddress,
  withoutAddress,
} from './frames.ts';
import { TooMuch } from './refusals.ts';
import { TreeAnswers } from './tree-answers.ts';
import type { TreeReport, TreeRequest } from './tree-messages.ts';

/**
 * What readers have who ask the thread at once. Each costs it an encoding, 90 ms for a story of ten
 * thousand takes; whoever asks meanwhile is sent the whole tree, which is at hand.
 */
const MOST_ASKED = 8;
/** What may wait to be compared with the tree, bytes. */
const UNJUDGED_BYTES = 32 * 1024 * 1024;
/** An update that changes nothing. */
const NOTHING = new Uint8Array([0, 0]);
const EMPTY_VECTOR = new Uint8Array([0]);

export interface ServedTreeOptions {
  /** What the thread knows it by. */
  readonly tree: number;
  readonly storyId: StoryId;
  /** Where its readers are; it stays empty. */
  readonly document: Readers;
  readonly request: (request: TreeRequest) => void;
  /** Has something sent when its turn comes; it returns how many bytes that were. */
  readonly later: (send: () => number) => void;
}

/** A connection of somebody who reads the tree. */
export type Reader = Pick<Connection, 'messageAddress' | 'send'>;

/** The document in which the readers are. */
interface Readers {
  readonly name: string;
  hasConnection(reader: Reader): boolean;
  getConnections(): readonly Reader[];
}

/** What somebody has of the tree. */
interface Standpoint {
  /** The same for all who have the same. */
  readonly key: string;
  readonly vector: Uint8Array;
}

/** Those who have nothing yet. */
const NEWCOMERS: Standpoint = { key: '', vector: EMPTY_VECTOR };

interface Question extends Standpoint {
  readonly waiting: Set<Reader>;
}

interface Claim {
  readonly update: Uint8Array;
  readonly connection: Reader;
}

export class ServedTree {
  readonly tree: number;
  readonly storyId: StoryId;
  readonly document: Readers;
  readonly #options: ServedTreeOptions;
  /** The state vector of all that readers were sent; null until the tree is open. */
  #vector: Uint8Array | null = null;
  readonly #answers = new TreeAnswers();
  /** Those who were sent all that the tree had at some moment: what it gains is news to them. */
  readonly #current = new WeakSet<Reader>();
  readonly #questions = new Map<string, Question>();
  readonly #claims = new Map<number, Claim>();
  #claimedBytes = 0;
  #lastClaim = 0;

  constructor(options: ServedTreeOptions) {
    this.#options = options;
    this.tree = options.tree;
    this.storyId = options.storyId;
    this.document = options.document;
  }

  get isOpen(): boolean {
    return this.#vector !== null;
  }

  /** Has the thread follow the story; a thread that begins anew is told where readers are. */
  follow(): void {
    const { tree, storyId } = this;
    this.#options.request({ type: 'open', tree, storyId, have: this.#vector });
  }

  /** The tree changed, or a question about it is answered. */
  handle(report: Exclude<TreeReport, { type: 'ready' | 'logged' | 'failed' }>): void {
    switch (report.type) {
      case 'opened':
        return this.#opened(report);
      case 'grown':
        this.#vector = report.vector;
        this.#answers.grow(report.frame);
        return this.#broadcast(report.frame);
      case 'lacked': {
        const question = this.#questions.get(report.key);
        if (question === undefined) return;
        this.#questions.delete(report.key);
        this.#answers.keep(report.key, [report.frame]);
        for (const connection of question.waiting) this.#answer(connection, question);
        return;
      }
      case 'known':
        return this.#judged(report.id, report.isKnown);
    }
  }

  /**
   * Answers a reader who has what `vector` says, with all that is missing and a question back.
   * @throws {MalformedFrame}
   */
  ask(connection: Reader, vector: Uint8Array): void {
    const standpoint = this.#standpointOf(vector);
    if (this.#answers.of(standpoint.key) !== null) this.#answer(connection, standpoint);
    else if (this.#mayQuestion(standpoint)) this.#question(connection, standpoint);
    else this.#answer(connection, NEWCOMERS);
  }

  /**
   * Tells a reader whether we have everything that they have: then, and only then, is it saved.
   * @throws {TooMuch}
   */
  claim(connection: Reader, update: Uint8Array): void {
    if (update.length === NOTHING.length && NOTHING.every((byte, n) => update[n] === byte)) {
      connection.send(statusFrame(connection.messageAddress, true));
      return;
    }
    if (this.#claimedBytes > UNJUDGED_BYTES) throw new TooMuch('updates of a tree');
    this.#claimedBytes += update.byteLength;
    this.#lastClaim += 1;
    this.#claims.set(this.#lastClaim, { connection, update: update.slice() });
    this.#judge(this.#lastClaim);
  }

  #opened({ frames, vector, missed }: Extract<TreeReport, { type: 'opened' }>): void {
    this.#vector = vector;
    this.#answers.clear();
    this.#answers.keep(NEWCOMERS.key, frames);
    if (missed !== null) this.#broadcast(missed);
    // The thread that was asked before is no more.
    for (const question of this.#questions.values()) this.#request(question);
    for (const id of this.#claims.keys()) this.#judge(id);
  }

  /** Only what of a state vector is in the tree makes a difference. */
  #standpointOf(vector: Uint8Array): Standpoint {
    const theirs = decoded(vector);
    const shared = new Map<number, number>();
    for (const [client, clock] of decoded(this.#vector ?? EMPTY_VECTOR)) {
      const known = Math.min(clock, theirs.get(client) ?? 0);
      if (known > 0) shared.set(client, known);
    }
    const key = [...shared].map(([client, clock]) => `${client}:${clock}`).join();
    return { key, vector: Y.encodeStateVector(shared) };
  }

  #mayQuestion({ key }: Standpoint): boolean {
    return this.#questions.size < MOST_ASKED || this.#questions.has(key);
  }

  #question(connection: Reader, standpoint: Standpoint): void {
    const asked = this.#questions.get(standpoint.key);
    if (asked !== undefined) return void asked.waiting.add(connection);
    this.#questions.set(standpoint.key, { ...standpoint, waiting: new Set([connection]) });
    this.#request(standpoint);
  }

  #request({ key, vector }: Standpoint): void {
    this.#options.request({ type: 'lacks', tree: this.tree, key, vector });
  }

  #answer(connection: Reader, standpoint: Standpoint): void {
    this.#options.later(() => {
      if (!this.document.hasConnection(connection)) return 0;
      const frames = this.#answers.of(standpoint.key);
      if (frames === null) {
        this.#question(connection, this.#mayQuestion(standpoint) ? standpoint : NEWCOMERS);
        return 0;
      }
      const address = connection.messageAddress;
      for (const frame of frames) connection.send(this.#addressed(frame, address));
      this.#current.add(connection);
      // What tells a client that it has everything comes after everything.
      connection.send(syncFrame(address, STEP.reply, NOTHING));
      connection.send(syncFrame(address, STEP.stateVector, this.#vector ?? EMPTY_VECTOR));
      return frames.reduce((sum, { byteLength }) => sum + byteLength, 0);
    });
  }

  /**
   * Sends what the tree has gained. Whoever waits for an answer gets it with that: before it, an
   * update would delete what it replaces in their copy, and Yjs would park what comes instead.
   */
  #broadcast(frame: Uint8Array): void {
    let [address, addressed] = [this.document.name, frame];
    for (const connection of this.document.getConnections()) {
      if (!this.#current.has(connection)) continue;
      if (connection.messageAddress !== address) {
        address = connection.messageAddress;
        addressed = this.#addressed(frame, address);
      }
      connection.send(addressed);
    }
  }

  /** The bytes themselves for all who use the plain address. */
  #addressed(frame: Uint8Array, address: string): Uint8Array {
    return address === this.document.name ? frame : withAddress(address, withoutAddress(frame));
  }

  #judge(id: number): void {
    const update = this.#claims.get(id)?.update;
    if (update !== undefined) {
      this.#options.request({ type: 'knows', tree: this.tree, id, update });
    }
  }

  #judged(id: number, isKnown: boolean): void {
    const claim = this.#claims.get(id);
    if (claim === undefined) return;
    this.#claims.delete(id);
    this.#claimedBytes -= claim.update.byteLength;
    claim.connection.send(statusFrame(claim.connection.messageAddress, isKnown));
  }
}

function decoded(vector: Uint8Array): Map<number, number> {
  try {
    return Y.decodeStateVector(vector);
  } catch (error) {
    throw new MalformedFrame('not a state vector', { cause: error });
  }
}
