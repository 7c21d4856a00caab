import { expect, test } from 'vitest';
import { Unreachable } from '../../upload/api.ts';
import type { Segment } from './feed-path.ts';
import { SegmentStore } from './segment-store.ts';
import { LinkExpired } from './stored-object.ts';

const object = Uint8Array.from({ length: 1_000 }, (_, index) => index % 251);
const never = new AbortController().signal;

const segment = (start: number, bytes: number): Segment => ({
  id: `pack:${start}`,
  durationSamples: 92_160,
  source: { kind: 'pack', url: 'https://store/pack', start, bytes },
});

/** A store of one object that knows ranges. */
function storeOf(answer?: (range: [number, number]) => Response | Promise<Response>) {
  const asked: string[] = [];
  const fetch = async (_url: unknown, init?: RequestInit): Promise<Response> => {
    const range = new Headers(init?.headers).get('range') ?? '';
    asked.push(range);
    const [from = 0, to = 0] = range.replace('bytes=', '').split('-').map(Number);
    if (answer !== undefined) return await answer([from, to]);
    return new Response(object.slice(from, to + 1), { status: 206 });
  };
  const rough = { segment: () => Promise.reject(new Error('nothing is rough')) };
  return { asked, store: new SegmentStore({ fetch, rough, mostBytes: 300 }) };
}

test('neighbouring segments come in one range, each with its own bytes', async () => {
  const { asked, store } = storeOf();
  const parts = await store.get([segment(100, 50), segment(150, 70)], 0, never);
  expect(asked).toEqual(['bytes=100-219']);
  expect(parts).toEqual([object.slice(100, 150), object.slice(150, 220)]);
});

test('known failure 31: what was fetched is not fetched again, not even while it comes', async () => {
  const { asked, store } = storeOf();
  await Promise.all([0, 1].map(() => store.get([segment(0, 100)], 0, never)));
  await store.get([segment(0, 100)], 0, never);
  expect(asked).toEqual(['bytes=0-99']);
});

test('what was not used for longest is let go of', async () => {
  const { asked, store } = storeOf();
  for (const start of [0, 100, 200, 0, 300]) await store.get([segment(start, 100)], 0, never);
  await store.get([segment(0, 100)], 0, never);
  await store.get([segment(100, 100)], 0, never);
  expect(asked.filter((range) => range === 'bytes=0-99')).toHaveLength(1);
  expect(asked.filter((range) => range === 'bytes=100-199')).toHaveLength(2);
});

test('a store that sends the whole object is understood', async () => {
  const { store } = storeOf(() => new Response(object, { status: 200 }));
  expect(await store.get([segment(100, 50)], 0, never)).toEqual([object.slice(100, 150)]);
});

test('a link that works no longer, a line that drops and a part that breaks off are told apart', async () => {
  const one = [segment(0, 10)];
  const expired = storeOf(() => new Response(null, { status: 403 })).store;
  await expect(expired.get(one, 0, never)).rejects.toThrow(LinkExpired);
  const dropped = storeOf(() => Promise.reject(new TypeError('Failed to fetch'))).store;
  await expect(dropped.get(one, 0, never)).rejects.toThrow(Unreachable);
  const broken = storeOf(() => new Response(object.slice(0, 4), { status: 206 })).store;
  await expect(broken.get(one, 0, never)).rejects.toThrow(Unreachable);
  const busy = storeOf(() => new Response(null, { status: 503 })).store;
  await expect(busy.get(one, 0, never)).rejects.toThrow(Unreachable);
});

test('whoever waits for what somebody else gave up gets it all the same', async () => {
  const leaving = new AbortController();
  const gate = Promise.withResolvers<Response>();
  let asked = 0;
  const { store } = storeOf(async ([from, to]) => {
    asked += 1;
    return asked === 1
      ? await gate.promise
      : new Response(object.slice(from, to + 1), { status: 206 });
  });
  const first = store.get([segment(0, 10)], 0, leaving.signal);
  const second = store.get([segment(0, 10)], 0, never);
  leaving.abort();
  gate.reject(leaving.signal.reason);
  await expect(first).rejects.toThrow('aborted');
  expect(await second).toEqual([object.slice(0, 10)]);
});
