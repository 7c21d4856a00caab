// Somebody's session ends while they write: nothing is called saved that is not, and nothing is lost.
import type { Locator, Page } from '@playwright/test';
import { expect, test } from '../harness/journey.ts';
import { HttpPerson } from './support/http-person.ts';
import { openStory } from './support/recording.ts';
import { signIn } from './support/stories.ts';

const SLOW = { timeout: 60_000 };
const fieldOf = (page: Page): Locator => page.getByLabel('What Mira says');
const saved = (page: Page): Locator => page.getByText('Saved', { exact: true }).first();

/** Ana, whose session ends before the words that she wrote without a line are sent. */
async function cutOff(page: Page, origin: string) {
  const mira = await HttpPerson.named(origin, 'Mira');
  const seed = await mira.plantWords('Cut off', 'Once.');
  const ana = await HttpPerson.named(origin, 'Ana');
  await signIn(page.context(), ana);
  await openStory(page, `/s/${seed.slug}`);
  await page.getByRole('button', { name: 'Write Mira’s words' }).click();
  await expect(saved(page)).toBeVisible(SLOW);
  await page.context().setOffline(true);
  await fieldOf(page).press('Control+End');
  await fieldOf(page).pressSequentially(' Upon a time.');
  await expect(page.getByText(/^Offline. Kept on this device/u).first()).toBeVisible(SLOW);
  expect((await ana.call('DELETE', '/api/session')).status).toBe(204);
  return {
    seed,
    words: async (): Promise<unknown> =>
      (await mira.call('GET', `/api/takes/${seed.takeId}/words`)).json(),
  };
}

test('whoever is signed out while they write keeps the words, and puts them in as a guest', async ({
  app,
  page,
}) => {
  const { words } = await cutOff(page, app.origin);
  await page.context().setOffline(false);
  const card = page.getByRole('region', { name: 'These words of yours were not saved' });
  await expect(card).toContainText('Once. Upon a time.', SLOW);
  await expect(page.getByRole('banner')).toContainText('Signed out');
  await expect(saved(page)).toHaveCount(0);
  // The field shows what the story has.
  await expect(fieldOf(page)).toHaveValue('Once.', SLOW);
  expect(await words()).toEqual({ words: 'Once.' });

  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await card.getByRole('button', { name: 'Copy them' }).click();
  await expect(card.getByRole('button', { name: 'Copied' })).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('Once. Upon a time.');

  await card.getByRole('button', { name: 'Put them in again as a guest' }).click();
  await expect(fieldOf(page)).toHaveValue('Once. Upon a time.', SLOW);
  await expect(card).toHaveCount(0, SLOW);
  await expect(saved(page)).toBeVisible(SLOW);
  await expect.poll(words, SLOW).toEqual({ words: 'Once. Upon a time.' });
});

test('the words of one person are neither shown to the next one nor sent as theirs', async ({
  app,
  page,
}) => {
  const { seed, words } = await cutOff(page, app.origin);
  await page.context().clearCookies();
  await signIn(page.context(), await HttpPerson.named(app.origin, 'Ben'));
  await page.context().setOffline(false);
  const card = page.getByRole('region', { name: 'Words that Ana wrote here were not saved' });
  await expect(card).toBeVisible(SLOW);
  await expect(card).not.toContainText('Upon a time');
  await expect(fieldOf(page)).toHaveValue('Once.', SLOW);
  await fieldOf(page).press('Control+End');
  await fieldOf(page).pressSequentially(' Ben was here.');
  await expect.poll(words, SLOW).toEqual({ words: 'Once. Ben was here.' });
  // Nor on a page that comes after.
  await openStory(page, `/s/${seed.slug}`);
  await expect(page.getByText('Upon a time')).toHaveCount(0);
});
