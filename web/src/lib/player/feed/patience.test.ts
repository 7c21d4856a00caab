import { expect, test } from 'vitest';
import { waitAfter, waitForLine } from './patience.ts';

test('waits grow to eight seconds, and no two people come back together', () => {
  expect([1, 2, 3, 5, 6, 60].map((failures) => waitAfter(failures, () => 1))).toEqual([
    400, 800, 1_600, 6_400, 8_000, 8_000,
  ]);
  expect(waitAfter(3, () => 0)).toBe(800);
});

test('the line that is back ends the wait at once', async () => {
  const line = new EventTarget();
  const waited = waitForLine(50, new AbortController().signal, { line });
  line.dispatchEvent(new Event('online'));
  await expect(waited).resolves.toBeUndefined();
});

test('whoever gives up waits no longer', async () => {
  const giving = new AbortController();
  const waited = waitForLine(50, giving.signal, { line: new EventTarget() });
  giving.abort(new Error('enough'));
  await expect(waited).rejects.toThrow('enough');
  await expect(waitForLine(1, giving.signal, { line: new EventTarget() })).rejects.toThrow(
    'enough',
  );
});
