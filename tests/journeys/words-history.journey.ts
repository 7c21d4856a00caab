// Who changed which words when, brought back in a click, and forgotten for good.
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Page } from '@playwright/test';
import type { Published } from '#domain/protocol/commands.ts';
import { expect, test } from '../harness/journey.ts';
import { HttpPerson } from './support/http-person.ts';
import { openStory } from './support/recording.ts';
import { signIn } from './support/stories.ts';

const PATIENCE = { timeout: 60_000 };

async function pageOf(browser: Browser, person: HttpPerson): Promise<Page> {
  const context = await browser.newContext({ baseURL: person.origin });
  await signIn(context, person);
  return context.newPage();
}

const fieldOf = (page: Page) => page.getByLabel('What Mira says');

async function writeWords(page: Page, { slug }: Published): Promise<void> {
  await openStory(page, `/s/${slug}`);
  await page.getByRole('button', { name: 'Write Mira’s words' }).click();
  await expect(fieldOf(page)).toBeEditable(PATIENCE);
}

test('what somebody did to the words is seen, and undone in a click', async ({ app, browser }) => {
  const [mira, jo] = await Promise.all(
    ['Mira', 'Jo'].map((name) => HttpPerson.named(app.origin, name)),
  );
  if (mira === undefined || jo === undefined) throw new Error('nobody came');
  const seed = await mira.plantWords('Words with a history', 'Once there was a pier.');
  const [hers, his] = [await pageOf(browser, mira), await pageOf(browser, jo)];
  await writeWords(his, seed);
  await fieldOf(his).fill('Ha ha.');
  await expect(his.getByText('Saved', { exact: true }).first()).toBeVisible(PATIENCE);

  await hers.setViewportSize({ width: 390, height: 800 });
  await openStory(hers, `/s/${seed.slug}`);
  await hers.getByRole('button', { name: 'History', exact: true }).click();
  const history = hers.getByRole('group', { name: 'History of the words' });
  const [newest, first] = [
    history.getByRole('listitem').first(),
    history.getByRole('listitem').last(),
  ];
  await expect(newest).toContainText('Jo changed the words', PATIENCE);
  await expect(newest.locator('ins')).toContainText('Ha ha');
  await expect(newest.locator('del')).toContainText('Once there was a pier');
  await expect(first).toContainText('Mira published the take');
  const { violations } = await new AxeBuilder({ page: hers }).include('.history').analyze();
  expect(violations).toEqual([]);
  expect(await hers.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);

  await first.getByRole('button', { name: /^Restore/u }).press('Enter');
  await expect(fieldOf(his)).toHaveValue('Once there was a pier.', PATIENCE);
  await expect(history.getByRole('status')).toContainText('The words are back', PATIENCE);
  await expect(history.getByRole('listitem')).toHaveCount(3, PATIENCE);
  await expect(newest).toContainText('Mira brought back the words');
  await expect(newest.getByRole('button', { name: /^Restore/u })).toHaveCount(0);

  await history.getByText('Forget older versions', { exact: true }).click();
  await history.getByRole('button', { name: 'Forget all older versions' }).click();
  await expect(history.getByRole('listitem')).toHaveCount(1, PATIENCE);
  await expect(newest).toContainText('Mira had older versions forgotten');
  await expect(fieldOf(his)).toHaveValue('Once there was a pier.');
  // His own device does not keep what is forgotten either, once it has heard of it.
  expect(await keeps(his, 'Ha ha')).toBe(true);
  await writeWords(his, seed);
  await expect.poll(() => keeps(his, 'Ha ha'), PATIENCE).toBe(false);
  await expect(fieldOf(his)).toHaveValue('Once there was a pier.');
  for (const page of [hers, his]) await page.context().close();
});

test('a story is seen as it was, and nobody can change it there', async ({ app, page }) => {
  const mira = await HttpPerson.named(app.origin, 'Mira');
  const seed = await mira.plantWords('The first title', 'Once.');
  const planted = new Date().toISOString();
  await mira.branchWords(seed, 'Then.');
  const body = { title: 'Another title' };
  expect((await mira.call('PATCH', `/api/stories/${seed.storyId}`, { body })).status).toBe(204);
  await openStory(page, `/s/${seed.slug}`);
  await page.getByRole('link', { name: 'History of this story' }).click();
  const lines = page.getByRole('main').getByRole('listitem');
  await expect(lines).toHaveCount(3, PATIENCE);
  await expect(lines.first()).toContainText('changed the title from “The first title”');
  await expect(lines.last()).toContainText('Mira planted the story');
  await lines
    .nth(1)
    .getByRole('link', { name: /^The story then/u })
    .click();
  await expect(page.getByRole('heading', { name: 'The first title' })).toBeVisible(PATIENCE);
  await expect(page.getByText('as it was on')).toBeVisible();
  await expect(page.getByRole('main').getByRole('listitem')).toHaveCount(2);
  await page.goto(`/s/${seed.slug}/then?at=${planted}`);
  await expect(page.getByRole('main').getByRole('listitem')).toHaveText(/Once\./u);
  await page.getByRole('link', { name: 'Back to now' }).click();
  await expect(page).toHaveURL(`/s/${seed.slug}`);
  expect((await mira.call('GET', `/s/${seed.slug}/then?at=yesterday`)).status).toBe(400);
});

test('the history of words is not shown to those who only listen', async ({ app, page }) => {
  const mira = await HttpPerson.named(app.origin, 'Mira');
  const seed = await mira.plantWords('Words of a few', 'Once.');
  await openStory(page, `/s/${seed.slug}`);
  await expect(page.getByRole('button', { name: 'Write Mira’s words' })).toBeVisible(PATIENCE);
  await expect(page.getByRole('button', { name: 'History', exact: true })).toHaveCount(0);
  const stranger = new HttpPerson(app.origin);
  const path = `/api/takes/${seed.takeId}/words/versions`;
  expect((await stranger.call('GET', path)).status).toBe(401);
  expect((await mira.call('GET', `${path}?before=x`)).status).toBe(400);
});

/** True if the words that this device keeps, or kept, have a passage in them. */
function keeps(page: Page, passage: string): Promise<boolean> {
  // As text: what runs in the page can use nothing of this file.
  return page.evaluate<boolean>(`(async () => {
    const settled = (request) => new Promise((resolve, reject) => {
      request.addEventListener('success', () => resolve(request.result));
      request.addEventListener('error', () => reject(request.error));
    });
    for (const { name } of await indexedDB.databases()) {
      if (!name.startsWith('tap-story-words:')) continue;
      const db = await settled(indexedDB.open(name));
      const rows = await settled(db.transaction('updates').objectStore('updates').getAll());
      db.close();
      const text = new TextDecoder('latin1');
      if (rows.some((row) => text.decode(row).includes(${JSON.stringify(passage)}))) return true;
    }
    return false;
  })()`);
}
