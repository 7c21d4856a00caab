// Hearing a story: the branch at a fork decides what is played, and playing needs no account.
import type { Page } from '@playwright/test';
import { expect, test } from '../harness/journey.ts';
import { openStory, takeInAddress, takeOf } from './support/recording.ts';
import { plantForked } from './support/stories.ts';

interface Sound {
  readonly leaf: string | undefined;
  readonly paused: boolean;
  readonly seconds: number;
}

/** What the page's audio element does. */
function soundOf(page: Page): Promise<Sound> {
  return page.locator('audio').evaluate((audio: HTMLAudioElement) => ({
    leaf: audio.dataset['leaf'],
    paused: audio.paused,
    seconds: audio.currentTime,
  }));
}

test('choosing a branch at a fork changes what is played', async ({ app, page }) => {
  const { slug, jos, lous } = await plantForked(app.origin, 'Two ways');
  await openStory(page, `/s/${slug}`);
  // The longest path is open at first.
  await expect.poll(async () => (await soundOf(page)).leaf).toBe(jos.takeId);
  expect((await soundOf(page)).paused).toBe(true);

  await page.getByRole('button', { name: 'Play this path' }).click();
  await expect.poll(async () => (await soundOf(page)).seconds).toBeGreaterThan(0.3);
  await expect(page.getByRole('button', { name: 'Pause' })).toBeVisible();

  await takeOf(page, 'Lou').click();
  await expect(page.getByText('To Lou’s ending', { exact: true })).toBeVisible();
  await expect.poll(async () => (await soundOf(page)).leaf).toBe(lous.takeId);
  // The listener keeps listening, on the other branch.
  const { seconds } = await soundOf(page);
  await expect.poll(async () => (await soundOf(page)).seconds).toBeGreaterThan(seconds + 0.3);
  expect((await soundOf(page)).paused).toBe(false);
  expect(takeInAddress(page)).toBe(lous.takeId);

  await page.getByRole('button', { name: 'Pause' }).click();
  await expect.poll(async () => (await soundOf(page)).paused).toBe(true);
});

test('on a phone the cards lead from branch to branch', async ({ app, page }) => {
  const { slug, lous } = await plantForked(app.origin, 'Two ways by hand');
  await page.setViewportSize({ width: 390, height: 844 });
  await openStory(page, `/s/${slug}`);
  const path = page.getByRole('list', { name: 'The path that is open' });
  await expect(path.getByText('branch 1 of 2 · Lou goes another way')).toBeVisible();
  await path.getByRole('link', { name: 'Next branch: Lou' }).click();
  await expect(path.getByText('branch 2 of 2 · Jo goes another way')).toBeVisible();
  await page.getByRole('button', { name: 'Play this path' }).click();
  await expect.poll(async () => (await soundOf(page)).seconds).toBeGreaterThan(0.3);
  expect((await soundOf(page)).leaf).toBe(lous.takeId);
});

test('a link to a take opens its path shortly before the take begins', async ({ app, page }) => {
  const { slug, lous } = await plantForked(app.origin, 'Two ways from afar');
  await openStory(page, `/s/${slug}?take=${lous.takeId}`);
  await expect(takeOf(page, 'Lou')).toHaveAttribute('aria-selected', 'true');
  await expect.poll(async () => (await soundOf(page)).leaf).toBe(lous.takeId);
});
