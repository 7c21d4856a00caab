// What somebody writes and has not published: on all of their devices, and under nobody else's eyes.
import type { Locator, Page } from '@playwright/test';
import type { Published } from '#domain/protocol/commands.ts';
import { expect, test } from '../harness/journey.ts';
import { Device } from './support/device.ts';
import { HttpPerson } from './support/http-person.ts';
import { openStory, takeOf, untilLive } from './support/recording.ts';
import { signIn } from './support/stories.ts';

const LONG = { timeout: 60_000 };

const formOf = (page: Page): Locator => page.getByLabel('What comes after Mira?');
const draftsOf = (page: Page): Locator => page.getByRole('region', { name: 'Your drafts' });
const composerOf = (page: Page): Locator => page.getByRole('region', { name: 'Write a take' });
const saved = (page: Page): Locator => composerOf(page).getByText('Saved', { exact: true }).first();

async function write(page: Page, words: string): Promise<void> {
  await page.getByRole('button', { name: 'Write', exact: true }).click();
  await formOf(page).pressSequentially(words);
}

async function goOn(page: Page): Promise<void> {
  await draftsOf(page).getByRole('button', { name: 'Go on writing' }).click(LONG);
}

/** Presses Publish on all pages before any of the commands has left. */
async function publishAtOnce(pages: readonly Page[]): Promise<void> {
  const all = Promise.withResolvers<void>();
  let pressed = 0;
  for (const page of pages) {
    await page.route('**/api/stories/*/takes', async (route) => {
      pressed += 1;
      if (pressed === pages.length) all.resolve();
      await all.promise;
      await route.continue();
    });
  }
  for (const page of pages) await page.getByRole('button', { name: 'Publish' }).click();
}

async function plantSeed(origin: string, mira?: HttpPerson): Promise<Published> {
  return (mira ?? (await HttpPerson.named(origin, 'Mira'))).plantWords('Two ends', 'Once.');
}

test('a draft goes from the phone to the laptop and back, over a closed tab, into one take', async ({
  app,
  page: laptop,
}) => {
  test.setTimeout(240_000);
  const seed = await plantSeed(app.origin);
  const ana = await HttpPerson.named(app.origin, 'Ana');
  const device = await Device.of(ana);
  let context = await device.open();
  let phone = await context.newPage();
  await signIn(laptop.context(), ana);
  await Promise.all([openStory(phone, `/s/${seed.slug}`), openStory(laptop, `/s/${seed.slug}`)]);

  await write(phone, 'The sea was calm.');
  await expect(saved(phone)).toBeVisible(LONG);
  // Saving is not worth a word of a screen reader at each key.
  await expect(composerOf(phone).getByRole('status')).toHaveText('');
  await expect(draftsOf(laptop).getByText('The sea was calm.')).toBeVisible(LONG);
  await goOn(laptop);
  await expect(formOf(laptop)).toHaveValue('The sea was calm.', LONG);
  await formOf(laptop).press('Control+End');
  await formOf(laptop).pressSequentially(' They sailed.');
  await expect(formOf(phone)).toHaveValue('The sea was calm. They sailed.', LONG);

  await context.setOffline(true);
  await formOf(phone).press('Control+End');
  await formOf(phone).pressSequentially(' Home.');
  await expect(composerOf(phone).getByText('Offline. Kept on this device').first()).toBeVisible(
    LONG,
  );
  await device.close();
  await formOf(laptop).press('Control+Home');
  await formOf(laptop).pressSequentially('Then. ');
  await expect(saved(laptop)).toBeVisible(LONG);

  context = await device.open();
  phone = await context.newPage();
  await openStory(phone, `/s/${seed.slug}`);
  await goOn(phone);
  const whole = 'Then. The sea was calm. They sailed. Home.';
  for (const each of [phone, laptop]) await expect(formOf(each)).toHaveValue(whole, LONG);

  await publishAtOnce([phone, laptop]);
  for (const each of [phone, laptop]) {
    await expect(takeOf(each, 'Ana')).toHaveCount(1, LONG);
    await expect(each.getByText('2 takes · 2 voices')).toBeVisible(LONG);
    await expect(composerOf(each)).toHaveCount(0);
    await expect(draftsOf(each)).toHaveCount(0);
  }
  await phone.reload();
  await expect(phone.getByText('2 takes · 2 voices')).toBeVisible(LONG);
  await expect(phone.getByRole('region', { name: 'Words' }).getByText(whole)).toBeVisible(LONG);
  await device.discard();
});

test('a draft is discarded, and that is undone', async ({ app, page }) => {
  const seed = await plantSeed(app.origin);
  await signIn(page.context(), await HttpPerson.named(app.origin, 'Ana'));
  await openStory(page, `/s/${seed.slug}`);
  await write(page, 'The sea was calm.');
  await expect(saved(page)).toBeVisible(LONG);
  await page.getByRole('button', { name: 'Leave' }).click();
  await expect(draftsOf(page).getByText('After Mira')).toBeVisible();
  await draftsOf(page).getByRole('button', { name: 'Discard' }).click();
  await expect(draftsOf(page).getByText('The sea was calm.')).toHaveCount(0);
  await expect(draftsOf(page).getByRole('button', { name: 'Undo' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(draftsOf(page).getByText('The sea was calm.')).toBeVisible();
  await draftsOf(page).getByRole('button', { name: 'Discard' }).click();
  await page.reload();
  await expect(page.getByRole('button', { name: 'Write', exact: true })).toBeVisible();
  await expect(draftsOf(page)).toHaveCount(0);
});

test('what a closed tab has of a draft that the laptop discarded is handed back, to be a draft again', async ({
  app,
  page: laptop,
}) => {
  test.setTimeout(240_000);
  const seed = await plantSeed(app.origin);
  const ana = await HttpPerson.named(app.origin, 'Ana');
  const device = await Device.of(ana);
  const context = await device.open();
  let phone = await context.newPage();
  await signIn(laptop.context(), ana);
  await openStory(phone, `/s/${seed.slug}`);
  await write(phone, 'The sea was calm.');
  await expect(saved(phone)).toBeVisible(LONG);
  await context.setOffline(true);
  await formOf(phone).press('Control+End');
  await formOf(phone).pressSequentially(' They sailed.');
  await expect(composerOf(phone).getByText('Offline. Kept on this device').first()).toBeVisible(
    LONG,
  );
  await device.close();
  await openStory(laptop, `/s/${seed.slug}`);
  await draftsOf(laptop).getByRole('button', { name: 'Discard' }).click(LONG);
  await expect(draftsOf(laptop).getByRole('button', { name: 'Undo' })).toBeFocused();

  phone = await (await device.open()).newPage();
  await openStory(phone, `/s/${seed.slug}`);
  const card = phone.getByRole('region', { name: 'These words of yours were not saved' });
  await expect(card).toContainText('Another of your devices published or discarded', LONG);
  await expect(card).toContainText('The sea was calm. They sailed.');
  await expect(card).toContainText('kept on this device');
  await expect(draftsOf(phone)).toHaveCount(0);
  await phone.reload();
  await card.getByRole('button', { name: 'Make them a draft again as Ana' }).click(LONG);
  await expect(card).toHaveCount(0, LONG);
  for (const each of [phone, laptop])
    await expect(draftsOf(each).getByText('The sea was calm. They sailed.')).toBeVisible(LONG);
  await device.discard();
});

test('whoever may not branch any more reads their drafts, to copy them', async ({ app, page }) => {
  const mira = await HttpPerson.named(app.origin, 'Mira');
  const seed = await plantSeed(app.origin, mira);
  await signIn(page.context(), await HttpPerson.named(app.origin, 'Ana'));
  await openStory(page, `/s/${seed.slug}`);
  await write(page, 'The sea was calm.');
  await expect(saved(page)).toBeVisible(LONG);
  const closed = await mira.call('PATCH', `/api/stories/${seed.storyId}`, {
    body: { openness: 'members' },
  });
  expect(closed.status).toBeLessThan(300);

  await page.reload();
  await expect(draftsOf(page).getByText('You may not go on with this story')).toBeVisible(LONG);
  await expect(draftsOf(page).getByText('The sea was calm.')).toBeVisible();
  for (const name of ['Go on writing', 'Discard']) {
    await expect(draftsOf(page).getByRole('button', { name })).toHaveCount(0);
  }
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await draftsOf(page).getByRole('button', { name: 'Copy the words' }).click();
  await expect(draftsOf(page).getByRole('button', { name: 'Copied' })).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('The sea was calm.');
});

test('a session that changes while one writes mixes nobody’s words', async ({ app, page }) => {
  const seed = await plantSeed(app.origin);
  const [ana, ben] = [
    await HttpPerson.named(app.origin, 'Ana'),
    await HttpPerson.named(app.origin, 'Ben'),
  ];
  await signIn(page.context(), ana);
  await openStory(page, `/s/${seed.slug}`);
  await write(page, 'Ana’s sea.');
  await expect(saved(page)).toBeVisible(LONG);

  // Somebody signs out in another tab, and Ben comes to the same device.
  await signIn(page.context(), ben);
  await ana.call('DELETE', '/api/session');
  await expect(composerOf(page).getByRole('alert')).toContainText('You are signed out', LONG);
  await expect(formOf(page)).toHaveValue('Ana’s sea.');
  await expect(formOf(page)).not.toBeEditable();
  await expect(page.getByRole('button', { name: 'Publish' })).toBeDisabled();
  await page.getByRole('button', { name: 'Leave' }).click();
  await expect(page.getByText('Ana’s sea.')).toHaveCount(0);

  await write(page, 'Ben’s shore.');
  await expect(formOf(page)).toHaveValue('Ben’s shore.');
  await expect(saved(page)).toBeVisible(LONG);
  await page.reload();
  await expect(draftsOf(page).getByRole('listitem')).toHaveCount(1, LONG);
  await expect(draftsOf(page).getByText('Ben’s shore.')).toBeVisible();
});

test('what a stranger writes goes on as their draft once they have a session', async ({
  app,
  page,
}) => {
  const seed = await plantSeed(app.origin);
  await openStory(page, `/s/${seed.slug}`);
  await write(page, 'The sea');
  await expect(composerOf(page).getByText('Kept on this device until you publish.')).toBeVisible();
  const heart = page.getByRole('button', { name: 'Like Mira’s take' }).first();
  await heart.click();
  await expect(heart).toHaveAttribute('aria-pressed', 'true', LONG);

  await expect(saved(page)).toBeVisible(LONG);
  await formOf(page).press('Control+End');
  await formOf(page).pressSequentially(' was calm.');
  await expect(formOf(page)).toHaveValue('The sea was calm.');
  await page.getByRole('button', { name: 'Publish' }).click();
  await expect(composerOf(page)).toHaveCount(0, LONG);
  await expect(page.getByRole('region', { name: 'Words' })).toContainText(
    'The sea was calm.',
    LONG,
  );
  // Nothing of it stays behind: neither with the server, nor on the device.
  await page.reload();
  await untilLive(page);
  await expect(page.getByText('2 takes · 2 voices')).toBeVisible(LONG);
  await page.getByRole('button', { name: 'Write', exact: true }).click();
  await expect(composerOf(page)).toBeVisible();
  await page.getByRole('button', { name: 'Leave' }).click();
  await expect(draftsOf(page)).toHaveCount(0);
});
