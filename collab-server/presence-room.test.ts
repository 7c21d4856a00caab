import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import * as decoding from 'lib0/decoding';
import { Awareness, applyAwarenessUpdate, removeAwarenessStates } from 'y-protocols/awareness';
import * as Y from 'yjs';
import { CROWD_CLIENT_ID } from '#domain/protocol/room.ts';
import { takeId, userId } from '#domain/story/ids.ts';
import type { Voice } from '#domain/story/take.ts';
import { readFrame } from './frames.ts';
import { entryOf } from './presence-entry.ts';
import { PresenceRoom, type OwnPresence } from './presence-room.ts';

const take = takeId('6f1b0f9e-8c1f-4b59-9d5e-2d0c5f0a7a03');
const node = '6f1b0f9e-8c1f-4b59-9d5e-2d0c5f0a7a04';
const voice = (n: number): Voice => ({
  id: userId(`6f1b0f9e-8c1f-4b59-9d5e-${String(n).padStart(12, '0')}`),
  name: `Voice ${n}`,
  hue: n % 8,
});

/** A client with Yjs' own awareness, as it is behind any provider. */
class Client {
  readonly messageAddress = 'doc';
  readonly awareness = new Awareness(new Y.Doc());
  readonly context: { readonly socket: { readonly viewer: Voice | null } };
  heard = 0;

  constructor(viewer: Voice | null) {
    this.context = { socket: { viewer } };
    this.awareness.setLocalState(null);
  }

  send(frame: Uint8Array): void {
    this.heard += 1;
    const { body } = readFrame(frame);
    applyAwarenessUpdate(this.awareness, decoding.readVarUint8Array(body), null);
  }

  /** What providers do when their socket closes. */
  disconnect(): void {
    removeAwarenessStates(this.awareness, [...this.awareness.getStates().keys()], null);
  }

  get crowd(): unknown {
    return this.awareness.getStates().get(CROWD_CLIENT_ID);
  }

  get seen(): number[] {
    return [...this.awareness.getStates().keys()].filter((id) => id !== CROWD_CLIENT_ID);
  }
}

const told: OwnPresence[] = [];
const clients: Client[] = [];
let room: PresenceRoom;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_800_000_000_000 });
  told.length = 0;
  room = new PresenceRoom({ now: Date.now, tell: (own) => told.push(own) });
});

afterEach(() => {
  for (const { awareness } of clients.splice(0)) awareness.destroy();
  room.stop();
  vi.useRealTimers();
});

function join(n: number | null): Client {
  const client = new Client(n === null ? null : voice(n));
  clients.push(client);
  room.join(client);
  return client;
}

/** Somebody who is seen as the client `100 + n`. */
function present(n: number, fields: { recordingOver?: typeof take } = {}): Client {
  const client = join(n);
  room.show(client, 100 + n, entryOf({ user: voice(n), ...fields }));
  return client;
}

function pass(seconds: number): void {
  for (let n = 0; n < seconds; n += 1) {
    vi.advanceTimersByTime(1_000);
    room.tick();
  }
}

/** Another node says who is there. */
const there = (people: readonly number[], asks = false) =>
  room.heard({
    kind: 'presence',
    node,
    asks,
    crowd: { people: people.length, listeners: 3 },
    named: people.map((n) => [100 + n, { user: voice(n) }]),
  });

const many = (count: number) => Array.from({ length: count }, (_, n) => n);

describe('presence', () => {
  test('is seen by the others within a tenth of a second where few people are', () => {
    const [a, b] = [present(1), present(2)];
    vi.advanceTimersByTime(100);
    expect([a.seen, b.seen]).toEqual([[102], [101]]);
    expect(a.crowd).toEqual({ people: 2, listeners: 0 });
  });

  test('of a socket that closed is gone at once, and of one that withdrew', () => {
    const [a, b, c] = [present(1), present(2), present(3)];
    vi.advanceTimersByTime(100);
    room.leave(b);
    room.withdraw(c);
    vi.advanceTimersByTime(100);
    expect(a.seen).toEqual([]);
    expect(c.seen).toEqual([101]);
    expect(a.crowd).toEqual({ people: 1, listeners: 0 });
  });

  test('reaches a crowd in one message a second, whatever happens in it', () => {
    const crowd = many(100).map((n) => present(n));
    pass(2);
    const before = crowd.map(({ heard }) => heard);
    for (let n = 0; n < 50; n += 1) {
      const [client = join(0)] = crowd.slice(n);
      room.show(client, 100 + n, entryOf({ user: voice(n), recordingOver: take }));
      vi.advanceTimersByTime(100);
    }
    const heard = crowd.map((client, n) => client.heard - (before[n] ?? 0));
    expect(Math.max(...heard)).toBeLessThanOrEqual(6);
    expect(Math.min(...heard)).toBeGreaterThanOrEqual(4);
  });

  test('costs next to nothing while five hundred only listen, and nobody is forgotten', () => {
    const crowd = many(500).map((n) => present(n));
    pass(2);
    const before = crowd.reduce((sum, { heard }) => sum + heard, 0);
    pass(60);
    const perSecond = (crowd.reduce((sum, { heard }) => sum + heard, 0) - before) / 60;
    // Stock awareness sends 16,234 of them.
    expect(perSecond).toBeLessThan(16_234 / 20);
    expect(perSecond).toBeLessThan(50);
    expect(crowd.at(-1)?.seen).toHaveLength(40);
    expect(crowd.at(-1)?.crowd).toEqual({ people: 500, listeners: 0 });
  });

  test('names those who record before others, and counts all, listeners too', () => {
    const witness = join(null);
    for (const n of many(60)) present(n);
    present(99, { recordingOver: take });
    pass(2);
    expect(witness.seen).toHaveLength(40);
    expect(witness.seen).toContain(199);
    expect(witness.crowd).toEqual({ people: 61, listeners: 1 });
  });

  test('counts a person with two tabs once', () => {
    const a = present(1);
    const b = join(1);
    room.show(b, 7, entryOf({ user: voice(1) }));
    vi.advanceTimersByTime(100);
    expect(a.crowd).toEqual({ people: 1, listeners: 0 });
  });

  test('is told to nobody of themselves: their own clock stays their own', () => {
    const a = present(1);
    a.awareness.clientID = 101;
    a.awareness.setLocalState({ mine: 1 });
    pass(30);
    expect(a.awareness.getStates().get(101)).toEqual({ mine: 1 });
    expect(a.awareness.meta.get(101)?.clock).toBeLessThan(10);
  });

  test('of others is there again for a client that comes back, with nothing having changed', () => {
    present(2);
    const a = present(1);
    vi.advanceTimersByTime(100);
    room.leave(a);
    a.disconnect();
    expect(a.seen).toEqual([]);
    room.join(a);
    vi.advanceTimersByTime(100);
    expect(a.seen).toEqual([102]);
    expect(a.awareness.meta.has(101)).toBe(false);
  });

  test('of a client that comes back is seen, whatever clock it had before', () => {
    const a = present(1);
    const b = present(2);
    pass(100);
    room.leave(b);
    vi.advanceTimersByTime(100);
    expect(a.seen).toEqual([]);
    present(2);
    vi.advanceTimersByTime(100);
    expect(a.seen).toEqual([102]);
  });
});

describe('between nodes', () => {
  test('people of another node are seen and counted, until it says otherwise', () => {
    const a = present(1);
    there([5, 6]);
    vi.advanceTimersByTime(100);
    expect([a.seen, a.crowd]).toEqual([[105, 106], { people: 3, listeners: 3 }]);
    there([6]);
    vi.advanceTimersByTime(100);
    expect(a.seen).toEqual([106]);
  });

  test('a node that is silent for long is forgotten, and seen at once when it is back', () => {
    const a = present(1);
    there([5]);
    pass(11);
    expect(a.seen).toEqual([105]);
    pass(3);
    vi.advanceTimersByTime(100);
    expect([a.seen, a.crowd]).toEqual([[], { people: 1, listeners: 0 }]);
    there([5]);
    vi.advanceTimersByTime(100);
    expect(a.seen).toEqual([105]);
  });

  test('a client that moves to another node is seen on', () => {
    const a = present(1);
    const b = present(2);
    pass(3);
    room.leave(b);
    there([2]);
    vi.advanceTimersByTime(100);
    expect(a.seen).toEqual([102]);
    expect(room.userOf(102)).toBe(voice(2).id);
  });

  test('the others are told of changes, asked at first, answered when they ask', () => {
    room.ask();
    present(1, { recordingOver: take });
    vi.advanceTimersByTime(100);
    there([5], true);
    expect(told.map(({ asks, named }) => [asks, named.length])).toEqual([
      [true, 0],
      [false, 1],
      [false, 1],
    ]);
    pass(8);
    expect(told.length).toBeGreaterThanOrEqual(5);
    expect(told.at(-1)?.named).toEqual([[101, { user: voice(1), recordingOver: take }]]);
  });
});
