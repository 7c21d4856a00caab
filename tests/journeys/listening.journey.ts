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

test('known failure 32: the playhead stands where one hears, also while nothing plays', async ({
  app,
  page,
}) => {
  const { slug, jos } = await plantForked(app.origin, 'Where it sounds');
  await openStory(page, `/s/${slug}?take=${jos.takeId}`);
  const place = page.getByRole('slider', { name: 'Place on this path' });
  const length = Number(await place.getAttribute('max'));
  const shareOf = async () => {
    const cursor = await page.locator('.dock .cursor').boundingBox();
    const line = await page.locator('.dock .line svg').boundingBox();
    if (cursor === null || line === null) throw new Error('there is no playhead');
    return (cursor.x + cursor.width / 2 - line.x) / line.width;
  };
  for (const samples of [0, 96_000, length]) {
    await place.fill(String(samples));
    await expect
      .poll(async () => Math.abs((await shareOf()) - Number(await place.inputValue()) / length))
      .toBeLessThan(0.005);
  }
  // On the map it stands in the take that sounds, and moves with it.
  await place.fill('96000');
  const playhead = page.locator('.map g[aria-hidden] rect[width="44"]');
  const takes = page.getByRole('treeitem', { name: /^Jo,/u });
  const at = async () => {
    const [head, take] = [await playhead.boundingBox(), await takes.boundingBox()];
    if (head === null || take === null) throw new Error('it is out of sight');
    return (head.x + head.width / 2 - take.x) / take.width;
  };
  // Two of six seconds.
  await expect.poll(at).toBeCloseTo(2 / 6, 1);
  await place.fill(String(length));
  await expect.poll(at).toBeCloseTo(1, 1);
});

test('a page that is left keeps neither the keys of the system nor its sources', async ({
  app,
  page,
}) => {
  await page.addInitScript(() => {
    const [keys, urls] = [new Set<string>(), new Set<string>()];
    Object.assign(globalThis, { keys, urls });
    const { mediaSession } = navigator;
    const listen = mediaSession.setActionHandler.bind(mediaSession);
    mediaSession.setActionHandler = (key, handler) => {
      if (handler === null) keys.delete(key);
      else keys.add(key);
      listen(key, handler);
    };
    const [create, revoke] = [URL.createObjectURL.bind(URL), URL.revokeObjectURL.bind(URL)];
    URL.createObjectURL = (object) => {
      const url = create(object);
      urls.add(url);
      return url;
    };
    URL.revokeObjectURL = (url) => {
      urls.delete(url);
      revoke(url);
    };
  });
  const held = () =>
    page.evaluate(() => ({
      keys: Reflect.get(globalThis, 'keys').size as number,
      urls: Reflect.get(globalThis, 'urls').size as number,
      title: navigator.mediaSession.metadata?.title,
    }));
  const { slug } = await plantForked(app.origin, 'To be left');
  await openStory(page, `/s/${slug}`);
  await page.getByRole('button', { name: 'Play this path' }).click();
  await expect.poll(async () => (await soundOf(page)).seconds).toBeGreaterThan(0.3);
  expect(await held()).toEqual({ keys: 7, urls: 0, title: 'To be left' });
  await page.getByRole('link', { name: 'Tap Story, all stories' }).click();
  await expect(page.getByRole('heading', { name: 'Growing now' })).toBeVisible();
  expect(await held()).toEqual({ keys: 0, urls: 0 });
});
