import { expect, test } from 'vitest';
import { STEP } from './frames.ts';
import { defaultLimits } from './limits.ts';
import { TooMuch } from './refusals.ts';
import { SocketDocuments } from './socket-documents.ts';
import { Usage } from './usage.ts';

function documents(limits = {}) {
  const clock = { ms: 0 };
  const pass = new Usage(defaultLimits).open({ address: '198.51.100.1', userId: null });
  if (pass === null) throw new Error('not let in');
  const settings = { ...defaultLimits, documentsPerSocket: 2, ...limits };
  const open = new SocketDocuments({ pass, limits: settings, now: () => clock.ms });
  return { open, clock };
}

test('a socket has so many documents and no more; one that is left makes room', () => {
  const { open } = documents();
  for (const address of ['a', 'a', 'b']) open.named(address);
  expect(() => open.named('c')).toThrow(TooMuch);
  open.left('a');
  open.named('c');
  expect(() => open.named('d')).toThrow(TooMuch);
});

test('a socket is empty until it is let in, and again when it has left', () => {
  const { open, clock } = documents();
  expect(open.emptySinceMs).toBe(0);
  open.named('a');
  expect(open.emptySinceMs).toBe(0);
  open.entered('a');
  expect(open.emptySinceMs).toBeNull();
  clock.ms = 5;
  open.left('a');
  expect(open.emptySinceMs).toBe(5);
});

test('refusals are forgotten as documents, and run out', () => {
  const { open } = documents({ refusals: { atOnce: 3, perSecond: 0 } });
  const refuse = (name: string) => {
    open.named(name);
    open.refused(name);
  };
  for (const name of ['x', 'y', 'z']) refuse(name);
  expect(() => refuse('w')).toThrow(TooMuch);
});

test('a gap in one of two openings of a document is none in the other', () => {
  const { open } = documents();
  for (const address of ['take\0a', 'take\0b']) open.named(address);
  open.syncing('take\0a', STEP.update, false);
  open.syncing('take\0b', STEP.reply, true);
  expect([open.hasGap('take\0a'), open.hasGap('take\0b')]).toEqual([true, false]);
  expect([open.sentUpdate('take\0a'), open.sentUpdate('take\0b')]).toEqual([true, false]);
});
