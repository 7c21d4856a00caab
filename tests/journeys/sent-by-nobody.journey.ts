// What somebody without a session sends off while there is no line: nobody else publishes it.
import type { Page } from '@playwright/test';
import { expect, test } from '../harness/journey.ts';
import { HttpPerson } from './support/http-person.ts';
import { openStory, takeOf } from './support/recording.ts';
import { signIn } from './support/stories.ts';

/** Somebody without a session sends off a take, and there is no line. */
async function sendOffline(page: Page, origin: string): Promise<HttpPerson> {
  const mira = await HttpPerson.named(origin, 'Mira');
  const seed = await mira.plantWords('The pier', 'Once.');
  await openStory(page, `/s/${seed.slug}`);
  await page.getByRole('button', { name: 'Write', exact: true }).click();
  await page.getByLabel('What comes after Mira?').fill('The sea was calm.');
  await page.getByLabel('Your name').fill('Jo');
  await page.context().setOffline(true);
  await page.getByRole('button', { name: 'Publish' }).click();
  await expect(page.getByText('Waiting for network')).toBeVisible();
  return mira;
}

test('is published as the guest that they become, once the line is back', async ({ app, page }) => {
  await sendOffline(page, app.origin);
  await page.context().setOffline(false);
  await expect(takeOf(page, 'Jo')).toHaveAttribute('aria-selected', 'true');
  await expect(page.getByText('Waiting for network')).toHaveCount(0);
});

test('waits for an answer if somebody signed in meanwhile', async ({ app, page }) => {
  await sendOffline(page, app.origin);
  await signIn(page.context(), await HttpPerson.named(app.origin, 'Ben'));
  await page.context().setOffline(false);
  const card = page.getByRole('region', { name: 'A take of yours on this device' });
  await expect(card.getByRole('status')).toContainText('before Ben came');
  await expect(takeOf(page, 'Ben')).toHaveCount(0);
  await expect(takeOf(page, 'Jo')).toHaveCount(0);
  await card.getByRole('button', { name: 'Publish as Ben' }).click();
  await expect(takeOf(page, 'Ben')).toHaveAttribute('aria-selected', 'true');
  await expect(card).toHaveCount(0);
});
