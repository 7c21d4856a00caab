// Nobody loses by a link what is on their page alone.
import type { Locator, Page } from '@playwright/test';
import { expect, test } from '../harness/journey.ts';
import { HttpPerson } from './support/http-person.ts';
import { openStory, recorderOf, startRecording } from './support/recording.ts';
import { signIn } from './support/stories.ts';

const questionOf = (page: Page): Locator =>
  page.getByRole('dialog', { name: 'Leave, and lose this?' });
const home = (page: Page): Locator => page.getByRole('link', { name: 'Tap Story, all stories' });

async function stay(page: Page, what: string): Promise<void> {
  await expect(questionOf(page).getByRole('listitem')).toHaveText([what]);
  await expect(questionOf(page).getByRole('button', { name: 'Stay' })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(questionOf(page)).toBeHidden();
}

async function goAfterAll(page: Page): Promise<void> {
  await questionOf(page).getByRole('button', { name: 'Leave and lose it' }).click();
}

test('known failure 34: a link pressed in the middle of a take does not lose the take', async ({
  app,
  page,
}) => {
  const mira = await HttpPerson.named(app.origin, 'Mira');
  const seed = await mira.plantWords('The quay', 'Once.');
  await page.goto('/');
  await page
    .getByRole('link', { name: /The quay/u })
    .first()
    .click();
  await expect(page.getByRole('banner').getByText('Live', { exact: true })).toBeAttached();
  await page.getByRole('button', { name: 'Record over the tail' }).click();
  await startRecording(page);
  await expect(recorderOf(page).getByRole('button', { name: /^Stop/u })).toBeVisible();
  await expect(recorderOf(page)).toHaveAttribute('data-phase', /recording|extending/u);

  // Nothing of it is on the page alone, so nothing is asked, however one goes.
  await expect(recorderOf(page)).toHaveAttribute('data-kept-frames', /^\d{5,}$/u);
  await home(page).click();
  await expect(page).toHaveURL(`${app.origin}/`);
  await page.goBack();
  await expect(page).toHaveURL(new RegExp(`/s/${seed.slug}`, 'u'));
  await expect(page.getByText(/^We kept your take from/u)).toBeVisible();
  await page.getByRole('button', { name: 'Use', exact: true }).click();
  await expect(recorderOf(page).getByRole('button', { name: 'Publish' })).toBeVisible();
  await home(page).click();
  await expect(page).toHaveURL(`${app.origin}/`);
  await page.goBack();
  await expect(page.getByText(/^We kept your take from/u)).toBeVisible();
});

test('a seed is not lost by the other way to begin, by Back, or by a link', async ({
  app,
  page,
}) => {
  await page.goto('/');
  await page.getByRole('link', { name: 'Plant a story' }).first().click();
  await page.getByRole('button', { name: 'Write', exact: true }).click();
  const words = page.getByLabel('How does the story begin?');
  await words.fill('Once.');
  await page.getByRole('button', { name: 'Record or upload' }).click();
  await stay(page, 'What you wrote');
  await page.goBack();
  await stay(page, 'What you wrote');
  await page.getByRole('button', { name: 'Leave', exact: true }).click();
  await stay(page, 'What you wrote');
  await expect(words).toHaveValue('Once.');
  await page.goBack();
  await expect(questionOf(page)).toBeVisible();
  await goAfterAll(page);
  await expect(page).toHaveURL(`${app.origin}/`);
});

test('what is in a draft, or published, goes nowhere with the page: nothing is asked', async ({
  app,
  page,
}) => {
  const mira = await HttpPerson.named(app.origin, 'Mira');
  const seed = await mira.plantWords('Safe', 'Once.');
  await signIn(page.context(), await HttpPerson.named(app.origin, 'Ana'));
  await openStory(page, `/s/${seed.slug}`);
  await page.getByRole('button', { name: 'Write', exact: true }).click();
  await page.getByLabel('What comes after Mira?').fill('Then.');
  await expect(
    page.getByRole('region', { name: 'Write a take' }).getByText('Saved', { exact: true }).first(),
  ).toBeVisible();
  await home(page).click();
  await expect(page).toHaveURL(`${app.origin}/`);
  await page.getByRole('link', { name: 'Plant a story' }).first().click();
  await page.getByRole('button', { name: 'Write', exact: true }).click();
  await page.getByLabel('Title').fill('Another');
  await page.getByLabel('How does the story begin?').fill('Now.');
  await page.getByRole('button', { name: 'Publish' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Another' })).toBeVisible();
  await expect(questionOf(page)).toBeHidden();
});
