import { expect, test } from 'vitest';
import { within } from './within.ts';

test('work that never ends is given up, and what ends in time is what it is', async () => {
  expect(await within(new Promise<string>(() => {}), 1, 'late')).toBe('late');
  expect(await within(Promise.resolve('done'), 60_000, 'late')).toBe('done');
  await expect(within(Promise.reject(new Error('broken')), 60_000, 'late')).rejects.toThrow(
    'broken',
  );
});
