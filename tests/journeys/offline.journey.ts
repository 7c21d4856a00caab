// Words that are written without a line: where they are meanwhile, and what becomes of them.
import type { Locator, Page } from '@playwright/test';
import type { Published } from '#domain/protocol/commands.ts';
import { expect, test as journey } from '../harness/journey.ts';
import { Device } from './support/device.ts';
import { HttpPerson } from './support/http-person.ts';
import { openStory, takeOf } from './support/recording.ts';
import { signIn } from './support/stories.ts';

const KEPT = 'Offline. Kept on this device, and saved when the line is back';

/** Ana's own device, which a test may close and open. */
const test = journey.extend<{ device: Device }>({
  device: async ({ app }, use) => {
    const device = await Device.of(await HttpPerson.named(app.origin, 'Ana'));
    await use(device);
    await device.discard();
  },
});

const fieldOf = (page: Page): Locator => page.getByLabel('What Mira says');
const formOf = (page: Page): Locator => page.getByLabel('What comes after Mira?');
const saved = (page: Page): Locator => page.getByText('Saved', { exact: true }).first();
const drafts = (page: Page): Locator => page.getByRole('region', { name: 'Your drafts' });
const kept = (page: Page): Locator => page.getByText(KEPT).first();

async function openWords(page: Page, { slug, takeId }: Published): Promise<void> {
  await openStory(page, `/s/${slug}?take=${takeId}`);
  await page.getByRole('button', { name: 'Write Mira’s words' }).click();
  await expect(saved(page)).toBeVisible();
}

async function expectWords(reader: HttpPerson, { takeId }: Published, words: string) {
  await expect
    .poll(async () => (await reader.call('GET', `/api/takes/${takeId}/words`)).json())
    .toEqual({ words });
}

test('words written offline outlive the browser, and merge with what others wrote', async ({
  app,
  device,
  page,
}) => {
  const mira = await HttpPerson.named(app.origin, 'Mira');
  const seed = await mira.plantWords('Tunnel', 'Once.');
  await signIn(page.context(), await HttpPerson.named(app.origin, 'Ben'));
  await openWords(page, seed);

  const away = await device.open();
  const ana = await away.newPage();
  await openWords(ana, seed);
  await away.setOffline(true);
  await fieldOf(ana).press('Control+End');
  await fieldOf(ana).pressSequentially(' Upon a time.');
  await expect(kept(ana)).toBeVisible();
  await expect(saved(ana)).toHaveCount(0);
  await device.close();

  await fieldOf(page).press('Control+Home');
  await fieldOf(page).pressSequentially('Listen. ');
  await expectWords(mira, seed, 'Listen. Once.');

  // Back in the story, without the words being opened: they are sent by themselves.
  const back = await (await device.open()).newPage();
  await openStory(back, `/s/${seed.slug}`);
  await expect(fieldOf(page)).toHaveValue('Listen. Once. Upon a time.');
  await expectWords(mira, seed, 'Listen. Once. Upon a time.');

  // Undo takes back what was written since, never what an earlier page or somebody else wrote.
  await back.getByRole('button', { name: 'Write Mira’s words' }).click();
  await expect(fieldOf(back)).toHaveValue('Listen. Once. Upon a time.');
  await fieldOf(back).press('Control+End');
  await fieldOf(back).pressSequentially(' The end.');
  for (let times = 0; times < 3; times += 1) await fieldOf(back).press('Control+z');
  await expect(fieldOf(back)).toHaveValue('Listen. Once. Upon a time.');
  await expect(saved(back)).toBeVisible();
  await expectWords(mira, seed, 'Listen. Once. Upon a time.');
});

test('words that cannot be taken stay on the device, to be copied', async ({
  app,
  device,
  page,
}) => {
  const mira = await HttpPerson.named(app.origin, 'Mira');
  const seed = await mira.plantWords('Long', 'a'.repeat(2_000));
  await signIn(page.context(), await HttpPerson.named(app.origin, 'Ben'));
  await openWords(page, seed);
  const away = await device.open();
  const ana = await away.newPage();
  await openWords(ana, seed);
  await away.setOffline(true);
  await fieldOf(ana).fill('a'.repeat(2_000) + 'b'.repeat(2_000));
  await expect(kept(ana)).toBeVisible();
  await fieldOf(page).fill('c'.repeat(2_000) + 'a'.repeat(2_000));
  await expectWords(mira, seed, 'c'.repeat(2_000) + 'a'.repeat(2_000));

  await away.setOffline(false);
  await expect(ana.getByText(/^Too long.*Kept on this device$/u).first()).toBeVisible();
  await away.grantPermissions(['clipboard-read', 'clipboard-write']);
  await ana.getByRole('button', { name: 'Copy the words' }).click();
  await expect(ana.getByRole('button', { name: 'Copied' })).toBeVisible();
  expect(await ana.evaluate(() => navigator.clipboard.readText())).toContain('b'.repeat(2_000));
  await fieldOf(ana).fill('c'.repeat(2_000) + 'a'.repeat(2_000) + 'b'.repeat(500));
  await expect(saved(ana)).toBeVisible({ timeout: 40_000 });
});

test('written takes: a draft outlives a reload, and what is published offline waits its turn', async ({
  app,
  device,
  page,
}) => {
  const mira = await HttpPerson.named(app.origin, 'Mira');
  const seed = await mira.plantWords('Two ends', 'Once.');
  const write = async (at: Page, words: string): Promise<void> => {
    await at.getByRole('button', { name: 'Write', exact: true }).click();
    await formOf(at).fill(words);
  };
  const away = await device.open();
  const ana = await away.newPage();
  await openStory(ana, `/s/${seed.slug}`);
  await write(ana, 'The sea was calm.');
  await expect(saved(ana)).toBeVisible();
  await ana.reload();
  await expect(drafts(ana).getByText('After Mira')).toBeVisible();
  await ana.getByRole('button', { name: 'Go on writing' }).click();
  await expect(formOf(ana)).toHaveValue('The sea was calm.');

  // Two people answer the same tail without a line.
  await away.setOffline(true);
  await ana.getByRole('button', { name: 'Publish' }).click();
  await expect(ana.getByText('Waiting for network')).toBeVisible();
  await device.close();
  const ben = await HttpPerson.named(app.origin, 'Ben');
  await signIn(page.context(), ben);
  await openStory(page, `/s/${seed.slug}`);
  // The form is fetched after the page was painted.
  await page.waitForLoadState('networkidle');
  await page.context().setOffline(true);
  await write(page, 'The sea was wild.');
  await page.getByRole('button', { name: 'Publish' }).click();
  await expect(page.getByText('Waiting for network')).toBeVisible();

  // Both come back: both stay, as a fork, and nothing waits any more.
  await page.context().setOffline(false);
  const back = await (await device.open()).newPage();
  await openStory(back, `/s/${seed.slug}`);
  for (const at of [page, back]) {
    await expect(takeOf(at, 'Ana')).toHaveCount(1);
    await expect(takeOf(at, 'Ben')).toHaveCount(1);
    await expect(at.getByText('Waiting for network')).toHaveCount(0);
    await expect(at.getByText('3 takes · 3 voices')).toBeVisible();
  }
  await back.reload();
  await expect(back.getByText('3 takes · 3 voices')).toBeVisible();
  await expect(drafts(back)).toHaveCount(0);
});

test('the device forgets words that are saved and were closed long ago', async ({
  app,
  device,
}) => {
  const mira = await HttpPerson.named(app.origin, 'Mira');
  const [old, unsent, now] = await Promise.all(
    ['Old', 'Unsent', 'Now'].map((title) => mira.plantWords(title, 'Once.')),
  );
  if (old === undefined || unsent === undefined || now === undefined) throw new Error('no story');
  const context = await device.open();
  const page = await context.newPage();
  for (const one of [old, unsent]) await openWords(page, one);
  await context.setOffline(true);
  await fieldOf(page).fill('Once more.');
  await expect(kept(page)).toBeVisible();
  await page.close();
  await context.setOffline(false);

  const later = await context.newPage();
  await later.clock.setSystemTime(Date.now() + 8 * 24 * 60 * 60 * 1_000);
  await openWords(later, now);
  const names = async (): Promise<string> =>
    later.evaluate(async () =>
      (await indexedDB.databases()).map(({ name }) => name ?? '').join(' '),
    );
  await expect.poll(names).not.toContain(old.takeId);
  expect(await names()).toContain(unsent.takeId);
  expect(await names()).toContain(now.takeId);
});
