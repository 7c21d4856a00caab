// The words of a take, written by two people at once.
import type { Locator, Page } from '@playwright/test';
import type { Published } from '#domain/protocol/commands.ts';
import { expect, test } from '../harness/journey.ts';
import { HttpPerson } from './support/http-person.ts';
import { openStory } from './support/recording.ts';
import { signIn } from './support/stories.ts';

/** The line under the field; a screen reader may be told the same. */
const savedOn = (page: Page): Locator => page.getByText('Saved', { exact: true }).first();
const fieldOf = (page: Page): Locator => page.getByLabel('What Mira says');

test('two people type into one text, and see each other there', async ({ app, browser }) => {
  const mira = await HttpPerson.named(app.origin, 'Mira');
  const seed = await mira.plantWords('Shared words', 'Once.');
  const [ana, ben] = await Promise.all(
    ['Ana', 'Ben'].map(async (name) => {
      const context = await browser.newContext({ baseURL: app.origin });
      await signIn(context, await HttpPerson.named(app.origin, name));
      return context.newPage();
    }),
  );
  if (ana === undefined || ben === undefined) throw new Error('nobody came');
  for (const page of [ana, ben]) await openWords(page, seed);

  // Both at once, one at each end.
  await fieldOf(ana).press('Control+Home');
  await fieldOf(ben).press('Control+End');
  await Promise.all([
    fieldOf(ana).pressSequentially('It began like this. '),
    fieldOf(ben).pressSequentially(' And never again.'),
  ]);
  const whole = 'It began like this. Once. And never again.';
  for (const page of [ana, ben]) {
    await expect(fieldOf(page)).toHaveValue(whole);
    await expect(savedOn(page)).toBeVisible();
  }
  await expect(caretOn(ana, 'Ben')).toBeAttached();
  await expect(caretOn(ben, 'Ana')).toBeAttached();
  // Ana's caret stays where she types, whatever Ben adds behind it.
  await fieldOf(ana).pressSequentially('Listen. ');
  await expect(fieldOf(ben)).toHaveValue(whole.replace('Once', 'Listen. Once'));

  // The page shows what was written, at once, and so does everybody else's from then on.
  await expect(savedOn(ana)).toBeVisible();
  await ana.getByRole('button', { name: 'Done' }).click();
  const words = ana.getByRole('region', { name: 'Words' });
  await expect(words.getByText(whole.replace('Once', 'Listen. Once'))).toBeVisible();
  await expect(async () => {
    await ana.reload();
    await expect(words).toContainText('Listen.', { timeout: 1 });
  }).toPass();
  for (const page of [ana, ben]) await page.context().close();
});

test('undo takes back one’s own words, never the other’s', async ({ app, browser }) => {
  const mira = await HttpPerson.named(app.origin, 'Mira');
  const seed = await mira.plantWords('Second thoughts', 'Once.');
  const pages = await Promise.all(
    ['Ana', 'Ben'].map(async (name) => {
      const context = await browser.newContext({ baseURL: app.origin });
      await signIn(context, await HttpPerson.named(app.origin, name));
      return context.newPage();
    }),
  );
  const [ana, ben] = pages;
  if (ana === undefined || ben === undefined) throw new Error('nobody came');
  for (const page of pages) await openWords(page, seed);
  const everywhere = async (words: string): Promise<void> => {
    for (const page of pages) await expect(fieldOf(page)).toHaveValue(words, { timeout: 60_000 });
  };
  await fieldOf(ana).press('Control+End');
  await fieldOf(ana).pressSequentially(' Ana.');
  await everywhere('Once. Ana.');
  await fieldOf(ben).press('Control+End');
  await fieldOf(ben).pressSequentially(' Ben.');
  await everywhere('Once. Ana. Ben.');
  // More often than she wrote: there is nothing else of hers.
  for (let times = 0; times < 3; times += 1) await fieldOf(ana).press('Control+z');
  await everywhere('Once. Ben.');
  await fieldOf(ana).press('Control+Shift+z');
  await everywhere('Once. Ana. Ben.');
  await fieldOf(ben).press('Control+z');
  await everywhere('Once. Ana.');
  for (const page of pages) {
    await expect(savedOn(page)).toBeVisible({ timeout: 60_000 });
    await page.context().close();
  }
});

test('whoever has no name yet writes along as a guest', async ({ app, page }) => {
  const mira = await HttpPerson.named(app.origin, 'Mira');
  const seed = await mira.plantWords('Words of a stranger', 'Once.');
  await openWords(page, seed);
  await expect(fieldOf(page)).toBeEditable();
  await fieldOf(page).press('Control+End');
  await fieldOf(page).pressSequentially(' Upon a time.');
  await expect(savedOn(page)).toBeVisible();
  await page.reload();
  await page.getByRole('button', { name: 'Write Mira’s words' }).click();
  await expect(fieldOf(page)).toHaveValue('Once. Upon a time.');
});

async function openWords(page: Page, { slug }: Published): Promise<void> {
  await openStory(page, `/s/${slug}`);
  await page.getByRole('button', { name: 'Write Mira’s words' }).click();
  await expect(fieldOf(page)).toHaveValue('Once.');
}

/** Somebody else's caret in the text, with their name. */
const caretOn = (page: Page, name: string): Locator =>
  page.locator('.mirror .flag', { hasText: name });
