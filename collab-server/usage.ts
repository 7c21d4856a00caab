// What each peer and each account uses of this process, held against what they may.
import { networkOf } from '#backend/real-peer.ts';
import { Bucket } from './bucket.ts';
import type { Allowance, Limits } from './limits.ts';

/** Whoever has no socket open is remembered this long, milliseconds: their buckets are full then. */
const REMEMBERED_MS = 60_000;
/** The most of them that are remembered; beyond it the oldest are strangers again. */
const MOST_REMEMBERED = 10_000;

/** Who opens a socket. */
export interface Opener {
  /** As `realPeer` says it. */
  readonly address: string;
  /** Null for a listener. */
  readonly userId: string | null;
}

/** Counts for everybody; what it remembers is bounded by the sockets that are open. */
export class Usage {
  readonly #limits: Pick<Limits, 'perAddress' | 'perAccount'>;
  readonly #now: () => number;
  readonly #busy = new Map<string, Party>();
  /** Those without a socket, the longest first. */
  readonly #idle = new Map<string, Party>();

  constructor(limits: Pick<Limits, 'perAddress' | 'perAccount'>, now: () => number = Date.now) {
    this.#limits = limits;
    this.#now = now;
  }

  /** How many peers and accounts are remembered. */
  get remembered(): number {
    return this.#busy.size + this.#idle.size;
  }

  /** Whether a peer may open another socket; an attempt counts as one. */
  mayKnock(address: string): boolean {
    return this.#address(address).mayOpen();
  }

  /** The same for an account. */
  mayEnter(userId: string): boolean {
    return this.#account(userId).mayOpen();
  }

  /** Counts a socket as open; null if there are too many. */
  open({ address, userId }: Opener): Pass | null {
    const parties = [this.#address(address)];
    if (userId !== null) parties.push(this.#account(userId));
    if (!parties.every((party) => party.hasRoom)) return null;
    for (const party of parties) {
      party.sockets += 1;
      this.#idle.delete(party.key);
      this.#busy.set(party.key, party);
    }
    return new Pass(parties, () => this.#leave(parties));
  }

  #address(address: string): Party {
    return this.#party(`address ${networkOf(address)}`, this.#limits.perAddress);
  }

  #account(userId: string): Party {
    return this.#party(`account ${userId}`, this.#limits.perAccount);
  }

  #party(key: string, allowance: Allowance): Party {
    const busy = this.#busy.get(key);
    if (busy !== undefined) return busy;
    const party = this.#idle.get(key) ?? new Party(key, allowance, this.#now);
    this.#rest(party);
    return party;
  }

  #leave(parties: readonly Party[]): void {
    for (const party of parties) {
      party.sockets -= 1;
      if (party.sockets > 0) continue;
      this.#busy.delete(party.key);
      this.#rest(party);
    }
  }

  #rest(party: Party): void {
    const now = this.#now();
    party.restsSinceMs = now;
    this.#idle.delete(party.key);
    this.#idle.set(party.key, party);
    for (const [key, { restsSinceMs }] of this.#idle) {
      if (now - restsSinceMs < REMEMBERED_MS && this.#idle.size <= MOST_REMEMBERED) break;
      this.#idle.delete(key);
    }
  }
}

/** What one socket may use, on the account of whoever opened it. */
export class Pass {
  readonly #parties: readonly Party[];
  readonly #leave: () => void;
  #documents = 0;
  #isOver = false;

  constructor(parties: readonly Party[], leave: () => void) {
    this.#parties = parties;
    this.#leave = leave;
  }

  /** Counts a message; false if that was too much. */
  message(bytes: number): boolean {
    return this.#parties.every((party) => party.messages.take(1) && party.bytes.take(bytes));
  }

  /** Counts a question about a tree, on which its thread has to work; false if it was too much. */
  question(): boolean {
    return this.#parties.every((party) => party.questions.take(1));
  }

  /** Counts a document as open; false, and nothing counted, if there are too many. */
  openDocument(): boolean {
    if (this.#isOver || !this.#parties.every((party) => party.hasRoomForDocument)) return false;
    this.#documents += 1;
    for (const party of this.#parties) party.documents += 1;
    return true;
  }

  closeDocument(): void {
    if (this.#documents === 0) return;
    this.#documents -= 1;
    for (const party of this.#parties) party.documents -= 1;
  }

  /** The socket is closed, and all its documents with it. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    while (this.#documents > 0) this.closeDocument();
    this.#leave();
  }
}

class Party {
  readonly key: string;
  sockets = 0;
  documents = 0;
  restsSinceMs = 0;
  readonly messages: Bucket;
  readonly bytes: Bucket;
  readonly questions: Bucket;
  readonly #opens: Bucket;
  readonly #allowance: Allowance;

  constructor(key: string, allowance: Allowance, now: () => number) {
    this.key = key;
    this.#allowance = allowance;
    this.messages = new Bucket(allowance.messages, now);
    this.bytes = new Bucket(allowance.bytes, now);
    this.questions = new Bucket(allowance.questions, now);
    this.#opens = new Bucket(allowance.opens, now);
  }

  get hasRoom(): boolean {
    return this.sockets < this.#allowance.sockets;
  }

  get hasRoomForDocument(): boolean {
    return this.documents < this.#allowance.documents;
  }

  mayOpen(): boolean {
    return this.hasRoom && this.#opens.take(1);
  }
}
