// The product by keyboard alone: planting, answering, walking the map, and listening.
import type { Locator, Page } from '@playwright/test';
import { expect, test } from '../harness/journey.ts';
import { openStory, recorderOf, takeOf } from './support/recording.ts';
import { microphoneFile, spoken } from './support/sound.ts';
import { plantForked } from './support/stories.ts';

/** Presses Tab until something has the focus, as a person does who cannot point. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await expect(target).toBeVisible();
  for (let presses = 0; presses < 40; presses += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  await expect(target).toBeFocused({ timeout: 1 });
}

/** What a screen reader was told by the recorder. */
const told = (page: Page, words: string | RegExp): Locator =>
  recorderOf(page).locator('[aria-live]').filter({ hasText: words });

/** R opens the microphone, R records, R stops as soon as a take may end. */
async function recordByKeys(page: Page): Promise<void> {
  await expect(recorderOf(page).getByRole('button', { name: 'Use microphone' })).toBeVisible();
  await page.keyboard.press('r');
  await expect(told(page, 'The microphone is open. Press R to record')).toBeAttached();
  await page.keyboard.press('r');
  await expect(told(page, /^Recording$|You may stop/u)).toBeAttached();
  await page.keyboard.press('r');
  await expect(told(page, 'Recorded and safe on this device')).toBeAttached();
}

test('a story is planted and answered without a pointer', async ({ openPerson }, info) => {
  const says = await microphoneFile(info.outputPath('voice.wav'), 71);
  const page = await (await openPerson({ says })).newPage();
  await page.goto('/');
  await tabTo(page, page.getByRole('link', { name: 'Plant a story' }).first());
  await page.keyboard.press('Enter');
  await recordByKeys(page);
  await tabTo(page, page.getByLabel('Title of the story'));
  await page.keyboard.type('By hand');
  await tabTo(page, page.getByLabel('Your name'));
  await page.keyboard.type('Ana');
  await page.keyboard.press('Control+Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'By hand' })).toBeVisible();
  await expect(takeOf(page, 'Ana')).not.toHaveAccessibleName(/being mixed/u);

  await page.keyboard.press('r');
  await recordByKeys(page);
  await expect(page.getByLabel('Your name')).toHaveValue('Ana');
  await page.keyboard.press('Control+Enter');
  await expect(takeOf(page, 'Ana')).toHaveCount(2);
  await expect(takeOf(page, 'Ana').nth(1)).toHaveAttribute('aria-selected', 'true');
  await expect(takeOf(page, 'Ana').nth(1)).toBeFocused();
});

test('the arrows walk the tree, and Enter plays from a take', async ({ app, page }) => {
  const { slug } = await plantForked(app.origin, 'A walk');
  await openStory(page, `/s/${slug}`);
  const [mira, jo, lou] = [takeOf(page, 'Mira'), takeOf(page, 'Jo'), takeOf(page, 'Lou')];
  await tabTo(page, jo);
  await page.keyboard.press('ArrowLeft');
  await expect(mira).toBeFocused();
  await expect(mira).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('ArrowRight');
  await expect(jo).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await expect(lou).toBeFocused();
  await expect(page.getByText('To Lou’s ending', { exact: true })).toBeVisible();
  await page.keyboard.press('ArrowUp');
  await expect(jo).toBeFocused();
  await page.keyboard.press('Home');
  await expect(mira).toBeFocused();
  await page.keyboard.press('End');
  await expect(jo).toBeFocused();
  await expect(jo).toHaveAccessibleName('Jo, 6 s, open tail');
  expect(await jo.getAttribute('aria-level')).toBe('2');
  expect(await lou.getAttribute('aria-posinset')).toBe('2');
  // One stop for Tab: the tree is one thing, its arrows do the rest.
  expect(await page.locator('[role=treeitem][tabindex="0"]').count()).toBe(1);

  await page.keyboard.press('Enter');
  const seconds = () =>
    page.locator('audio').evaluate((audio: HTMLAudioElement) => audio.currentTime);
  await expect.poll(seconds).toBeGreaterThan(0.3);
  await page.keyboard.press(' ');
  await expect(page.getByRole('button', { name: 'Play this path' })).toBeVisible();
});

test('known failure 29: the focus stays in the player when a branch is gone over to, or goes by', async ({
  app,
  page,
}) => {
  const { slug, mira, jos } = await plantForked(app.origin, 'Where one is');
  const sams = await mira.branchVoice(jos, spoken(24, 12));
  await mira.untilMixed(sams);
  await openStory(page, `/s/${slug}?take=${sams.takeId}`);
  const player = page.getByRole('region', { name: 'Player' });
  await player.getByRole('slider', { name: 'Place on this path' }).fill('0');
  const toLou = player.getByRole('button', { name: /^Go over to Lou’s branch/u });
  await tabTo(page, toLou);
  await page.keyboard.press('Enter');
  await expect(page.getByText('To Lou’s ending', { exact: true })).toBeVisible();
  const toJo = player.getByRole('button', { name: /^Go over to Jo’s branch/u });
  await expect(toJo).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(toLou).toBeFocused();

  // Where Mira answers Jo there is no other way any more.
  await page.keyboard.press('Shift+ArrowRight');
  await expect(toLou).toHaveCount(0);
  await expect(player.getByRole('slider', { name: 'Place on this path' })).toBeFocused();
});

test('single keys do nothing while somebody types', async ({ app, page }) => {
  const { slug } = await plantForked(app.origin, 'Typing');
  await openStory(page, `/s/${slug}`);
  await page.getByRole('button', { name: 'Write', exact: true }).click();
  const field = page.getByLabel('What comes after Jo?');
  await field.pressSequentially('r r our river');
  await expect(field).toHaveValue('r r our river');
  await expect(recorderOf(page)).toHaveCount(0);
  await expect(page.locator('audio')).toHaveJSProperty('paused', true);
});
