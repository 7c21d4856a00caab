import { expect, test } from 'vitest';
import { defaultLimits, type Allowance } from './limits.ts';
import { Usage, type Pass } from './usage.ts';

const wide: Allowance = {
  sockets: 100,
  opens: { atOnce: 100, perSecond: 100 },
  documents: 100,
  messages: { atOnce: 100, perSecond: 100 },
  bytes: { atOnce: 10_000, perSecond: 10_000 },
  questions: { atOnce: 100, perSecond: 100 },
};

function usageOf({ address = {}, account = {} }: Record<string, Partial<Allowance>>) {
  const clock = { ms: 0 };
  const limits = { perAddress: { ...wide, ...address }, perAccount: { ...wide, ...account } };
  return { clock, usage: new Usage(limits, () => clock.ms) };
}

const at = (address: string, userId: string | null = null) => ({ address, userId });

function opened(pass: Pass | null): Pass {
  if (pass === null) throw new Error('not let in');
  return pass;
}

test('sockets of one address are counted together, and a closed one makes room', () => {
  const { usage } = usageOf({ address: { sockets: 2 } });
  const first = opened(usage.open(at('198.51.100.1')));
  opened(usage.open(at('198.51.100.1')));
  expect(usage.open(at('198.51.100.1'))).toBeNull();
  expect(usage.mayKnock('198.51.100.1')).toBe(false);
  opened(usage.open(at('198.51.100.2')));
  first.end();
  first.end();
  opened(usage.open(at('198.51.100.1')));
  expect(usage.open(at('198.51.100.1'))).toBeNull();
});

test('one account is one, from wherever it comes, and others from there are not it', () => {
  const { usage } = usageOf({ account: { sockets: 2 } });
  opened(usage.open(at('198.51.100.1', 'mira')));
  opened(usage.open(at('198.51.100.2', 'mira')));
  expect(usage.open(at('198.51.100.3', 'mira'))).toBeNull();
  expect(usage.mayEnter('mira')).toBe(false);
  opened(usage.open(at('198.51.100.3', 'jo')));
  // The refused one is not counted at its address either.
  expect(usage.mayEnter('jo')).toBe(true);
});

test('addresses of one IPv6 network are one peer', () => {
  const { usage } = usageOf({ address: { sockets: 1 } });
  opened(usage.open(at('2001:db8:1:2::1')));
  expect(usage.open(at('2001:db8:1:2:ffff::1'))).toBeNull();
  opened(usage.open(at('2001:db8:1:3::1')));
});

test('attempts to open run out, and come back with time', () => {
  const { usage, clock } = usageOf({ address: { opens: { atOnce: 3, perSecond: 1 } } });
  const knocks = () => [1, 2, 3, 4].filter(() => usage.mayKnock('198.51.100.1')).length;
  expect(knocks()).toBe(3);
  expect(knocks()).toBe(0);
  clock.ms += 2_000;
  expect(knocks()).toBe(2);
});

test('messages and bytes are counted over all sockets of an account', () => {
  const { usage, clock } = usageOf({
    account: { messages: { atOnce: 3, perSecond: 1 }, bytes: { atOnce: 100, perSecond: 10 } },
  });
  const [one, two] = ['1', '2'].map((n) => opened(usage.open(at(`198.51.100.${n}`, 'mira'))));
  expect([one?.message(10), two?.message(10), one?.message(10), two?.message(10)]).toEqual([
    true,
    true,
    true,
    false,
  ]);
  clock.ms += 2_000;
  expect(one?.message(200)).toBe(false);
  expect(one?.message(20)).toBe(true);
});

test('documents are counted over all sockets, and a socket that ends gives its own back', () => {
  const { usage } = usageOf({ account: { documents: 3 } });
  const [one, two] = [1, 2].map(() => opened(usage.open(at('198.51.100.1', 'mira'))));
  expect([one?.openDocument(), one?.openDocument(), two?.openDocument()]).toEqual([
    true,
    true,
    true,
  ]);
  expect(two?.openDocument()).toBe(false);
  one?.end();
  expect([two?.openDocument(), two?.openDocument(), two?.openDocument()]).toEqual([
    true,
    true,
    false,
  ]);
  two?.closeDocument();
  expect(two?.openDocument()).toBe(true);
  expect(one?.openDocument()).toBe(false);
});

test('whoever is gone is forgotten, and never more than so many are remembered', () => {
  const { usage, clock } = usageOf({});
  const stays = opened(usage.open(at('203.0.113.1', 'mira')));
  for (let n = 0; n < 25_000; n += 1) usage.mayKnock(`10.0.${n >> 8}.${n & 255}`);
  expect(usage.remembered).toBe(10_002);
  clock.ms += 61_000;
  usage.mayKnock('203.0.113.2');
  expect(usage.remembered).toBe(3);
  stays.end();
  clock.ms += 61_000;
  usage.mayKnock('203.0.113.3');
  expect(usage.remembered).toBe(1);
});

test('what was used up is still used up after a moment without a socket', () => {
  const { usage } = usageOf({ address: { messages: { atOnce: 1, perSecond: 0.001 } } });
  const first = opened(usage.open(at('198.51.100.1')));
  expect(first.message(1)).toBe(true);
  first.end();
  expect(opened(usage.open(at('198.51.100.1'))).message(1)).toBe(false);
});

test('a dead socket is found within fifteen seconds', () => {
  expect(defaultLimits.deadMs).toBeLessThan(15_000);
});
