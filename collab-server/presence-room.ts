// Who is in one document, gathered: everybody's entries come in here, and each socket is sent at
// most one message a second about all of them, or a few more where only few people are.
import { CROWD_CLIENT_ID, type Crowd } from '#domain/protocol/room.ts';
import type { Voice } from '#domain/story/take.ts';
import { MOST_NAMED, type PresenceMessage } from './node-messages.ts';
import { entryOf, type PresenceEntry } from './presence-entry.ts';
import { presenceEntry, presenceFrame } from './presence-frames.ts';

/** How long news waits for more of it, milliseconds: where few are, and where many are. */
const PROMPT_MS = 80;
const CALM_MS = 1_000;
/** In which somebody who has just come says who they are. */
const GATHER_MS = 10;
/** Sockets that are few. */
const FEW = 20;
/** Clients forget whom they have not heard of for 30 s, and take a silent server for dead. */
const RENEW_MS = 12_000;
/** Nodes tell each other this often that they are still there, and are forgotten after so long. */
const TELL_MS = 4_000;
const SILENT_MS = 12_000;

/** More nodes than anybody runs. */
const MOST_NODES = 100;

const GONE = 'null';

/** What a node says of a document to the others. */
export type OwnPresence = Omit<PresenceMessage, 'kind' | 'node'>;

export interface PresenceRoomOptions {
  /** Tells the other nodes. */
  readonly tell: (own: OwnPresence) => void;
  readonly now: () => number;
}

/** The part of a Hocuspocus `Connection` that we use. */
export interface Member {
  readonly messageAddress: string;
  readonly context: { readonly socket: { readonly viewer: Voice | null } };
  send(frame: Uint8Array): void;
}

interface Own extends PresenceEntry {
  readonly holder: Member;
}

/** What clients are told of somebody; of nobody, if there is no user. */
interface Shown {
  readonly userId: string | null;
  readonly json: string;
}

interface Elsewhere {
  readonly heardMs: number;
  readonly crowd: Crowd;
  readonly named: ReadonlyMap<number, PresenceEntry>;
}

export class PresenceRoom {
  readonly #options: PresenceRoomOptions;
  /** Everybody who is sent what is gathered, with the client that they are in here, if any. */
  readonly #members = new Map<Member, number | null>();
  /** Those who were not sent everything that is known since they came, or became somebody. */
  readonly #fresh = new Set<Member>();
  readonly #own = new Map<number, Own>();
  readonly #elsewhere = new Map<string, Elsewhere>();
  /** What clients were told last, by client id. */
  #shown: ReadonlyMap<number, Shown> = new Map();
  /** Rises with each message, and beyond what any node has said before about the same people. */
  #clock = 0;
  #told = '';
  #toldMs = 0;
  #sentMs = 0;
  #renewedMs: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: PresenceRoomOptions) {
    this.#options = options;
    this.#renewedMs = options.now();
  }

  /** Somebody is sent, from now on, who is here. */
  join(member: Member): void {
    this.#members.set(member, null);
    this.answer(member);
  }

  /** Somebody's connection is over, and with it their entry. */
  leave(member: Member): void {
    this.withdraw(member);
    this.#members.delete(member);
    this.#fresh.delete(member);
    this.#changed();
  }

  has(member: Member): boolean {
    return this.#members.has(member);
  }

  /** The client that somebody is; null while they are not to be seen. */
  clientOf(member: Member): number | null {
    return this.#members.get(member) ?? null;
  }

  /** The person who is a client, on whatever node; null if nobody is. */
  userOf(client: number): string | null {
    const own = this.#own.get(client);
    if (own !== undefined) return own.userId;
    for (const { named } of this.#elsewhere.values()) {
      const entry = named.get(client);
      if (entry !== undefined) return entry.userId;
    }
    return null;
  }

  /** True if the client is somebody who has a socket here. */
  holds(client: number): boolean {
    return this.#own.has(client);
  }

  /** Shows somebody as a client, instead of whoever was it before. */
  show(member: Member, client: number, entry: PresenceEntry): void {
    const before = this.#own.get(client);
    if (before !== undefined && before.holder !== member) this.#members.set(before.holder, null);
    if (this.clientOf(member) === null) this.#fresh.add(member);
    this.#members.set(member, client);
    this.#own.set(client, { ...entry, holder: member });
    this.#changed();
  }

  withdraw(member: Member): void {
    const client = this.clientOf(member);
    if (client === null) return;
    this.#members.set(member, null);
    this.#own.delete(client);
    this.#changed();
  }

  /** Sends somebody all that is known, with the next news. */
  answer(member: Member): void {
    this.#fresh.add(member);
    this.#changed();
  }

  /** Another node has said who is there. */
  heard({ node, asks, crowd, named }: PresenceMessage): void {
    if (this.#elsewhere.size >= MOST_NODES && !this.#elsewhere.has(node)) return;
    const entries = named.map(([client, presence]) => [client, entryOf(presence)] as const);
    const heardMs = this.#options.now();
    this.#elsewhere.set(node, { heardMs, crowd, named: new Map(entries) });
    if (crowd.people + crowd.listeners === 0) this.#elsewhere.delete(node);
    if (asks) this.#tell({ asks: false });
    this.#changed();
  }

  /** Other nodes can hear us: says who is here, and asks the same of them. */
  ask(): void {
    this.#tell({ asks: true });
  }

  /** Does what is due; call it once a second. */
  tick(): void {
    const now = this.#options.now();
    for (const [node, { heardMs }] of this.#elsewhere) {
      if (now - heardMs < SILENT_MS) continue;
      this.#elsewhere.delete(node);
      this.#changed();
    }
    if (now - this.#renewedMs >= RENEW_MS) {
      this.#renewedMs = now;
      for (const member of this.#members.keys()) this.#fresh.add(member);
      this.#changed();
    }
    if (this.#members.size > 0 && now - this.#toldMs >= TELL_MS) this.#tell({ asks: false });
  }

  /** Sends what has changed at once. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sentMs = this.#options.now();
    const before = this.#shown;
    this.#shown = this.#choose();
    const changes = changesBetween(before, this.#shown);
    const others = [...this.#members.keys()].filter((member) => !this.#fresh.has(member));
    if (changes.size > 0) this.#send(changes, others);
    if (this.#fresh.size > 0) this.#send(new Map([...this.#shown, ...changes]), [...this.#fresh]);
    this.#fresh.clear();
    if (JSON.stringify(this.#ownPresence()) !== this.#told) this.#tell({ asks: false });
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  /** News goes out when the last has been out for a while; the first of it almost at once. */
  #changed(): void {
    if (this.#timer !== undefined) return;
    const everyMs = this.#members.size > FEW ? CALM_MS : PROMPT_MS;
    const waitMs = Math.max(GATHER_MS, this.#sentMs + everyMs - this.#options.now());
    this.#timer = setTimeout(() => this.flush(), waitMs).unref();
  }

  /** Whom clients are shown: those who are active, then those who were here first; and how many. */
  #choose(): ReadonlyMap<number, Shown> {
    const people = [this.#own, ...[...this.#elsewhere.values()].map(({ named }) => named)];
    const shown = new Map<number, Shown>();
    for (const isActive of [true, false]) {
      for (const [client, entry] of people.flatMap((each) => [...each])) {
        if (shown.size >= MOST_NAMED) break;
        if (entry.isActive === isActive && !shown.has(client)) shown.set(client, entry);
      }
    }
    return shown.set(CROWD_CLIENT_ID, { userId: null, json: JSON.stringify(this.#crowd()) });
  }

  /** Somebody with sockets on two nodes counts twice. */
  #crowd(): Crowd {
    const crowds = [this.#ownCrowd(), ...[...this.#elsewhere.values()].map(({ crowd }) => crowd)];
    return {
      people: crowds.reduce((sum, { people }) => sum + people, 0),
      listeners: crowds.reduce((sum, { listeners }) => sum + listeners, 0),
    };
  }

  #ownCrowd(): Crowd {
    const people = new Set([...this.#own.values()].map(({ userId }) => userId));
    const listeners = [...this.#members.keys()].filter((each) => !each.context.socket.viewer);
    return { people: people.size, listeners: listeners.length };
  }

  #ownPresence(): Pick<OwnPresence, 'crowd' | 'named'> {
    const activeFirst = [...this.#own].toSorted(
      ([, a], [, b]) => Number(b.isActive) - Number(a.isActive),
    );
    return {
      crowd: this.#ownCrowd(),
      named: activeFirst.slice(0, MOST_NAMED).map(([client, { presence }]) => [client, presence]),
    };
  }

  #tell({ asks }: { readonly asks: boolean }): void {
    const own = this.#ownPresence();
    this.#told = JSON.stringify(own);
    this.#toldMs = this.#options.now();
    this.#options.tell({ ...own, asks });
  }

  /**
   * Each message has a new clock: a client that comes back remembers the last that it was told.
   * Nobody is told of themselves, nor of who may be themselves on a socket before: they know
   * better, and their clock is their own.
   */
  #send(entries: ReadonlyMap<number, Shown>, to: readonly Member[]): void {
    this.#clock = Math.max(this.#clock + 1, this.#options.now());
    const encoded = [...entries].map(([client, { userId, json }]) => ({
      client,
      userId,
      bytes: presenceEntry(client, this.#clock, json),
    }));
    const shared = new Map<string, Uint8Array>();
    for (const member of to) {
      const own = this.clientOf(member);
      const user = member.context.socket.viewer?.id;
      const others = encoded.filter(({ client, userId }) =>
        own === null ? user === undefined || userId !== user : client !== own,
      );
      const isShared = others.length === encoded.length;
      const address = member.messageAddress;
      const known = isShared ? shared.get(address) : undefined;
      const frame =
        known ??
        presenceFrame(
          address,
          others.map(({ bytes }) => bytes),
        );
      if (isShared) shared.set(address, frame);
      member.send(frame);
    }
  }
}

function changesBetween(
  before: ReadonlyMap<number, Shown>,
  now: ReadonlyMap<number, Shown>,
): ReadonlyMap<number, Shown> {
  const changes = new Map([...now].filter(([id, { json }]) => before.get(id)?.json !== json));
  for (const [id, { userId }] of before) {
    if (!now.has(id)) changes.set(id, { userId, json: GONE });
  }
  return changes;
}
