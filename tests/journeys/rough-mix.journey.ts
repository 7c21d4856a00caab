// What the page mixes by itself while the worker has not: how it sounds, and how it is replaced.
import type { Locator, Page } from '@playwright/test';
import type { Published } from '#domain/protocol/commands.ts';
import { expect, test } from '../harness/journey.ts';
import { voice, wavFile } from '../harness/tones.ts';
import { unmixed } from './support/held-worker.ts';
import { HttpPerson } from './support/http-person.ts';
import { openStory } from './support/recording.ts';
import { spoken } from './support/sound.ts';

test.use({ bypassCSP: true });

const SECOND = 48_000;
const STEMS = '**/objects/stems/**';

const player = (page: Page): Locator => page.getByRole('region', { name: 'Player' });
const play = (page: Page): Locator => player(page).getByRole('button', { name: 'Play this path' });
const isRough = (page: Page): Locator => player(page).getByText(/^Rough mix/u);
const secondsOf = (page: Page): Promise<number> =>
  page.locator('audio').evaluate((audio: HTMLAudioElement) => audio.currentTime);

/** Mira's seed and her own answer to it, rendered; the next take begins where the seed ends. */
async function plant(mira: HttpPerson, title: string): Promise<Published> {
  const seed = await mira.plantVoice(title, spoken(91, 6));
  const answer = await mira.branchVoice(seed, spoken(92, 14));
  await mira.untilMixed(answer);
  return answer;
}

test('stems whose links have expired come under new ones', async ({ app, page }) => {
  const mira = await HttpPerson.named(app.origin, 'Mira');
  const parent = await plant(mira, 'Old links to stems');
  let seed = 113;
  const branch = () => mira.branchVoice(parent, wavFile(voice((seed += 1), 45 * SECOND)));
  const { leaf, render } = await unmixed(app, mira, branch);
  try {
    const expired = new Set<string>();
    await page.route(STEMS, (route) => {
      const url = route.request().url();
      if (expired.size < 2) expired.add(url);
      return expired.has(url) ? route.fulfill({ status: 403, body: '' }) : route.continue();
    });
    await openStory(page, `/s/${parent.slug}?take=${leaf.takeId}`);
    await page.getByLabel('Place on this path').fill(String(8 * SECOND));
    await play(page).click();
    await expect.poll(() => secondsOf(page)).toBeGreaterThan(8.3);
    await expect(isRough(page)).toBeVisible();
    expect(expired.size).toBe(2);
  } finally {
    render();
  }
});

test('a stem that cannot be decoded is fetched once: the path ends before it until it is mixed', async ({
  app,
  page,
}) => {
  const mira = await HttpPerson.named(app.origin, 'Mira');
  const parent = await plant(mira, 'A stem in pieces');
  let seed = 123;
  const branch = () => mira.branchVoice(parent, wavFile(voice((seed += 1), 45 * SECOND)));
  const { leaf, render } = await unmixed(app, mira, branch);
  const fetched: string[] = [];
  try {
    await page.route(STEMS, (route) => {
      fetched.push(new URL(route.request().url()).pathname);
      return route.fulfill({ status: 200, body: 'this is no sound' });
    });
    await openStory(page, `/s/${parent.slug}?take=${leaf.takeId}`);
    await page.getByLabel('Place on this path').fill(String(11 * SECOND));
    await play(page).click();
    await expect(player(page).getByText('The newest part is being mixed')).toBeVisible();
    await expect(page.locator('audio')).toHaveJSProperty('ended', true);
    await expect(play(page)).toBeVisible();
    expect(await secondsOf(page)).toBeCloseTo(14, 0);
  } finally {
    render();
  }
  expect(fetched.length).toBe(new Set(fetched).size);
  await mira.untilMixed(leaf);
  await play(page).click();
  await expect.poll(() => secondsOf(page)).toBeGreaterThan(15);
});
