// Listening while things go wrong: the network drops, links expire, the browser has no more room.
import type { Page } from '@playwright/test';
import { expect, test } from '../harness/journey.ts';
import { openStory } from './support/recording.ts';
import { plantForked } from './support/stories.ts';

/** Where segments come from. */
const PACKS = '**/objects/packs/**';

const secondsOf = (page: Page): Promise<number> =>
  page.locator('audio').evaluate((audio: HTMLAudioElement) => audio.currentTime);
const player = (page: Page) => page.getByRole('region', { name: 'Player' });
const saysDropped = (page: Page) => player(page).getByText('The network dropped');

test('known failure 4: while the network is gone the player says so, and goes on by itself', async ({
  app,
  page,
}) => {
  const { slug } = await plantForked(app.origin, 'A bad line');
  await openStory(page, `/s/${slug}`);
  await page.route(PACKS, (route) => route.abort('connectionfailed'));
  await page.getByRole('button', { name: 'Play this path' }).click();
  await expect(saysDropped(page)).toBeVisible();
  // It wants to play, and says no more than that: Pause is there, and works.
  await expect(player(page).getByRole('button', { name: 'Pause' })).toBeEnabled();
  expect(await secondsOf(page)).toBe(0);

  await page.unroute(PACKS);
  await expect.poll(() => secondsOf(page)).toBeGreaterThan(0.3);
  await expect(saysDropped(page)).toBeHidden();
});

test('a link that has expired is asked for anew, and nobody notices', async ({ app, page }) => {
  const { slug } = await plantForked(app.origin, 'Old links');
  await openStory(page, `/s/${slug}`);
  let refused = 0;
  await page.route(PACKS, (route) => {
    refused += 1;
    return refused > 2 ? route.continue() : route.fulfill({ status: 403, body: '' });
  });
  await page.getByRole('button', { name: 'Play this path' }).click();
  await expect.poll(() => secondsOf(page)).toBeGreaterThan(0.3);
  expect(refused).toBeGreaterThan(2);
  await expect(saysDropped(page)).toBeHidden();
});

test('a browser that has no more room is given less, and plays on', async ({ app, page }) => {
  const { slug } = await plantForked(app.origin, 'No room');
  await page.addInitScript(() => {
    let appends = 0;
    // oxlint-disable-next-line typescript/unbound-method -- called on the buffer below
    const append = SourceBuffer.prototype.appendBuffer;
    SourceBuffer.prototype.appendBuffer = function (this: SourceBuffer, bytes: BufferSource) {
      appends += 1;
      if (appends === 3 || appends === 4) throw new DOMException('full', 'QuotaExceededError');
      append.call(this, bytes);
    };
  });
  await openStory(page, `/s/${slug}`);
  await page.getByRole('button', { name: 'Play this path' }).click();
  await expect(page.locator('audio')).toHaveJSProperty('ended', true);
  await expect(player(page).getByRole('button', { name: 'Play this path' })).toBeVisible();
});

test('a branch that cannot be loaded ahead is not asked for again and again', async ({
  app,
  page,
}) => {
  const { slug, jos, lous } = await plantForked(app.origin, 'A branch too many');
  await openStory(page, `/s/${slug}?take=${jos.takeId}`);
  let asked = 0;
  await page.route(`**/${lous.takeId}/playlist*`, (route) => {
    asked += 1;
    return route.fulfill({ status: 503, body: '' });
  });
  await page.getByLabel('Place on this path').fill('0');
  await page.getByRole('button', { name: 'Play this path' }).click();
  await expect.poll(() => secondsOf(page)).toBeGreaterThan(3);
  // Once for each take in which it is offered.
  expect(asked).toBeGreaterThan(0);
  expect(asked).toBeLessThan(4);
});
