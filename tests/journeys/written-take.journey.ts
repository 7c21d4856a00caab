// A take that is written, and a story that is read: with scripts and without.
import { isPlaced } from '#domain/story/take.ts';
import { endOf, readingTime } from '#domain/timeline/duet.ts';
import { expect, test } from '../harness/journey.ts';
import { HttpPerson } from './support/http-person.ts';
import { openStory, takeOf } from './support/recording.ts';
import { decode, spoken } from './support/sound.ts';
import { plantForked } from './support/stories.ts';
import { readTree } from './support/tree.ts';

const WORDS = 'Nobody answered. The ferry had left an hour ago, and its lights were gone.';

test('a written take stands after its parent for as long as it takes to read', async ({
  app,
  page,
}) => {
  const mira = await HttpPerson.named(app.origin, 'Mira');
  const seed = await mira.plantVoice('The quay', spoken(31, 3));
  await mira.untilMixed(seed);
  await openStory(page, `/s/${seed.slug}`);
  await page.getByRole('button', { name: 'Write', exact: true }).click();
  await page.getByLabel('What comes after Mira?').fill(WORDS);
  await page.getByLabel('Your name').fill('Nia');
  await page.getByRole('button', { name: 'Publish' }).click();
  await expect(takeOf(page, 'Nia')).toHaveAccessibleName(/^Nia, 5 s, written/u);
  await expect(takeOf(page, 'Nia')).toHaveAttribute('aria-selected', 'true');
  await expect(page.getByRole('region', { name: 'Words' })).toContainText(WORDS);

  const tree = await readTree(app.origin, seed.storyId, ({ takes }) =>
    takes.some(({ kind, state }) => kind === 'text' && state.status === 'ready' && state.mixed),
  );
  const [voice, written] = tree.takes
    .filter(isPlaced)
    .toSorted((a, b) => a.createdAtMs - b.createdAtMs);
  if (voice === undefined || written === undefined) throw new Error('a take is missing');
  expect(written.startSamples).toBe(endOf(voice));
  expect(written.durationSamples).toBe(readingTime(WORDS));

  // It sounds as silence of that length, and somebody may speak over it.
  const { bytes } = await mira.call('GET', `/api/takes/${written.id}/path`);
  const heard = await decode(bytes, 'mov');
  expect(heard.length).toBeGreaterThanOrEqual(endOf(written));
  const after = heard.subarray(endOf(voice) + 4_800, endOf(written));
  expect(Math.max(...after.filter((_, index) => index % 100 === 0).map(Math.abs))).toBeLessThan(
    0.001,
  );
});

test('without scripts a story is readable, playable, and its branches can be chosen', async ({
  app,
  browser,
}) => {
  const { slug, mira, jos, lous } = await plantForked(app.origin, 'The quiet quay');
  const last = await mira.branchWords(jos, WORDS);
  await mira.untilMixed(last);
  const context = await browser.newContext({ baseURL: app.origin, javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(`/s/${slug}`);
  await expect(page.getByRole('heading', { level: 1, name: 'The quiet quay' })).toBeVisible();
  await expect(page.getByRole('region', { name: 'Words' }).getByText(WORDS)).toBeVisible();
  await expect(page.getByRole('treeitem')).toHaveCount(4);
  const waveform = page.locator('symbol[id^="w-"] path');
  expect((await waveform.first().getAttribute('d'))?.length).toBeGreaterThan(100);

  const audio = page.locator('audio[controls]');
  await expect(audio).toBeVisible();
  const src = await audio.getAttribute('src');
  expect(src).toContain(last.takeId);
  const sound = await mira.call('GET', src ?? '');
  expect(sound.status).toBe(200);
  expect(sound.headers.get('content-type')).toContain('audio/mp4');
  expect((await decode(sound.bytes, 'mov')).length).toBeGreaterThan(6 * 48_000);

  await takeOf(page, 'Lou').click();
  await expect(page).toHaveURL(new RegExp(lous.takeId, 'u'));
  await expect(takeOf(page, 'Lou')).toHaveAttribute('aria-selected', 'true');
  await expect(audio).toHaveAttribute('src', new RegExp(lous.takeId, 'u'));
  await expect(page.getByText(WORDS)).toHaveCount(0);
  await context.close();
});
