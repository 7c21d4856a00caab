// What a browser cannot convert or play is a take all the same.
import path from 'node:path';
import { expect, test } from '@playwright/test';
import { serveBuilt, type BuiltPage } from './support/built-page.ts';
import type { Lacking, Made, MakeTake } from './support/take-audio-page.ts';

let served: BuiltPage;

test.beforeAll(async () => {
  served = await serveBuilt(path.join(import.meta.dirname, 'support/take-audio-page.ts'));
});
test.afterAll(() => served.close());

test('known failure 15: a take that cannot be converted is published as it was recorded', async ({
  page,
}) => {
  await page.goto(served.origin);
  const made = (lacking: Lacking): Promise<Made> =>
    page.evaluate(
      (what) => (globalThis as unknown as { makeTake: MakeTake }).makeTake(what),
      lacking,
    );
  const converted = await made('nothing');
  expect(converted).toMatchObject({ rate: 48_000, isHeard: true });
  expect(converted.samples.length).toBe(4_800);
  const recorded = Array.from({ length: 4_410 }, (_, frame) =>
    Math.round(Math.fround(Math.sin(frame / 20) / 2) * 0x7f_ff),
  );
  for (const [lacking, isHeard] of [
    ['a resampler', true],
    ['buffers', false],
  ] as const)
    expect(await made(lacking)).toEqual({ rate: 44_100, samples: recorded, isHeard });
});
