import { expect, test } from 'vitest';
import { MeasuredPairs } from './measured-pairs.ts';

/** What a browser's storage does, as far as it is used. */
function storage(text?: string) {
  const rows = new Map(text === undefined ? [] : [['tap-story-latency', text]]);
  return {
    getItem: (key: string) => rows.get(key) ?? null,
    setItem: (key: string, value: string) => void rows.set(key, value),
  };
}
const pair = (input: string, output = 'Speakers') => ({ input, output });
const measured = (roundTripMs: number) => ({ roundTripMs, measuredAtMs: 1_000, reportedMs: 60 });

test('each pair of microphone and output has its own measurement, the last one', () => {
  const kept = storage();
  const pairs = new MeasuredPairs(kept);
  expect(pairs.put(pair('USB'), measured(143))).toBe(true);
  pairs.put(pair('USB', 'Headphones'), measured(90));
  pairs.put(pair('USB'), measured(140));
  // Another tab, or a later visit.
  const later = new MeasuredPairs(kept);
  expect(later.get(pair('USB'))).toMatchObject({ roundTripMs: 140, measuredAtMs: 1_000 });
  expect(later.get(pair('USB', 'Headphones'))?.roundTripMs).toBe(90);
  expect(later.get(pair('Built-in'))).toBe(null);
  later.forget(pair('USB'));
  expect(pairs.get(pair('USB'))).toBe(null);
  expect(pairs.get(pair('USB', 'Headphones'))?.roundTripMs).toBe(90);
});

test('what does not parse was not measured, and spoils nothing beside it', () => {
  const good = { ...pair('USB'), ...measured(143) };
  const rows = [good, { ...good, input: 'a', roundTripMs: -5 }, 'x', null, { input: 'b' }];
  const pairs = new MeasuredPairs(storage(JSON.stringify(rows)));
  expect(pairs.get(pair('USB'))?.roundTripMs).toBe(143);
  expect(pairs.get(pair('a'))).toBe(null);
  for (const text of ['', '{', '7', '{"a":1}']) {
    const broken = new MeasuredPairs(storage(text));
    expect(broken.get(pair('USB'))).toBe(null);
    expect(broken.put(pair('USB'), measured(1))).toBe(true);
    expect(broken.get(pair('USB'))?.roundTripMs).toBe(1);
  }
});

test('a browser that keeps nothing says so, and no more than twenty pairs are kept', () => {
  expect(new MeasuredPairs(null).put(pair('USB'), measured(143))).toBe(false);
  const full = {
    getItem: () => null,
    setItem: () => {
      throw new DOMException('full', 'QuotaExceededError');
    },
  };
  expect(new MeasuredPairs(full).put(pair('USB'), measured(143))).toBe(false);
  const pairs = new MeasuredPairs(storage());
  for (let n = 0; n < 25; n += 1) pairs.put(pair(`mic ${n}`), measured(n));
  expect(pairs.get(pair('mic 4'))).toBe(null);
  expect(pairs.get(pair('mic 5'))?.roundTripMs).toBe(5);
});
