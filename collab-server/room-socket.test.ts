import { expect, test } from 'vitest';
import { createLogger } from '#backend/log.ts';
import { CLOSE } from '#domain/protocol/room.ts';
import { hocuspocusDialect } from './dialect.ts';
import { defaultLimits } from './limits.ts';
import { RoomSocket } from './room-socket.ts';
import { UpdateLog } from './update-log.ts';
import { Usage } from './usage.ts';

const log = createLogger('test', 'silent');

/** A socket over a wire on which `waiting` bytes wait, and what became of it. */
function socketWith({ waiting = 0 }) {
  const clock = { ms: 0 };
  const wire = { waiting, ends: [] as unknown[] };
  const pass = new Usage(defaultLimits).open({ address: '198.51.100.1', userId: null });
  if (pass === null) throw new Error('not let in');
  const socket = new RoomSocket({
    wire: {
      send: () => wire.waiting,
      waiting: () => wire.waiting,
      close: (code) => wire.ends.push(code),
      terminate: () => wire.ends.push('cut off'),
    },
    dialect: hocuspocusDialect,
    viewer: null,
    updates: new UpdateLog({ append: () => Promise.resolve(), log }),
    takers: [],
    missedBefore: () => null,
    stateVector: () => null,
    pass,
    limits: { ...defaultLimits, emptyMs: 60_000, backlog: { most: 100, long: 10, longMs: 5_000 } },
    log,
    now: () => clock.ms,
  });
  const look = (ms: number) => {
    clock.ms = ms;
    socket.look();
    return wire.ends;
  };
  return { socket, wire, look };
}

test('a reader that is behind for a moment stays; one that is so for long is cut off', () => {
  const { wire, look } = socketWith({ waiting: 50 });
  expect(look(0)).toEqual([]);
  wire.waiting = 0;
  expect(look(6_000)).toEqual([]);
  wire.waiting = 50;
  expect(look(7_000)).toEqual([]);
  expect(look(12_000)).toEqual([]);
  expect(look(12_001)).toEqual(['cut off']);
});

test('a reader for whom too much waits is cut off at once, and sent nothing more', () => {
  const { socket, wire } = socketWith({ waiting: 101 });
  socket.send(new Uint8Array([1, 0x61, 1]));
  expect(wire.ends).toEqual(['cut off']);
  socket.send(new Uint8Array([1, 0x61, 1]));
  expect(wire.ends).toEqual(['cut off']);
});

test('a socket that is in no document is closed after a while', () => {
  const { look } = socketWith({});
  expect(look(60_000)).toEqual([]);
  expect(look(60_001)).toEqual([CLOSE.idle]);
  expect(look(120_002)).toEqual([CLOSE.idle]);
});
