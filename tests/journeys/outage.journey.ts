// Parts of the product go away while people use it: what the pages say, and that they recover alone.
import { rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Locator, Page } from '@playwright/test';
import { startApp, type RunningApp } from '../harness/app.ts';
import { expect, test as journey } from '../harness/journey.ts';
import { childNamed, isRunning } from '../harness/processes.ts';
import { HttpPerson } from './support/http-person.ts';
import {
  openStory,
  recorderOf,
  speak,
  startRecording,
  takeOf,
  untilLive,
} from './support/recording.ts';
import { spoken } from './support/sound.ts';
import { signIn } from './support/stories.ts';

/** An app that no other journey uses. */
const test = journey.extend<object, { app: RunningApp }>({
  app: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the fixtures' names from here
    async ({}, use) => {
      const app = await startApp();
      await use(app);
      await app.stop();
    },
    { scope: 'worker', timeout: 180_000 },
  ],
});

const fieldOf = (page: Page): Locator => page.getByLabel('What Mira says');
const saved = (page: Page): Locator => page.getByText('Saved', { exact: true }).first();

/** What the page says over everything else while the server stores nothing. */
const late = (page: Page): Locator =>
  page.locator('.notice').filter({ hasText: /^Not saved yet/u });

/** Somebody at a written story, with its words open to write. */
async function atTheDesk(app: RunningApp, page: Page) {
  const mira = await HttpPerson.named(app.origin, 'Mira');
  const seed = await mira.plantWords('Power cut', 'Once.');
  await signIn(page.context(), mira);
  await openStory(page, `/s/${seed.slug}`);
  await page.getByRole('button', { name: 'Write Mira’s words' }).click();
  await expect(saved(page)).toBeVisible();
  await fieldOf(page).press('Control+End');
  return { mira, seed };
}

async function expectWords(mira: HttpPerson, takeId: string, words: string): Promise<void> {
  await expect
    .poll(async () => (await mira.call('GET', `/api/takes/${takeId}/words`)).json())
    .toEqual({ words });
}

/** Kills Postgres, and keeps whoever would start it again from doing so until `back` is called. */
async function cutPostgres(app: RunningApp): Promise<{ back(): void }> {
  const { pid } = childNamed(app.pid, 'bin/postgres');
  process.kill(app.pid, 'SIGSTOP');
  process.kill(pid, 'SIGKILL');
  await expect.poll(() => isRunning(pid)).toBe(false);
  return { back: () => process.kill(app.pid, 'SIGCONT') };
}

test('known failures 5 and 44: while Postgres is away nothing says saved, or that there is no story', async ({
  app,
  page,
  browser,
}) => {
  const { mira, seed } = await atTheDesk(app, page);
  const visiting = await browser.newContext({ baseURL: app.origin });
  const writer = await visiting.newPage();
  await openStory(writer, `/s/${seed.slug}`);
  await writer.getByRole('button', { name: 'Write', exact: true }).click();
  await writer.getByLabel('What comes after Mira?').fill('The lights went out.');
  await writer.getByLabel('Your name').fill('Nia');

  const postgres = await cutPostgres(app);
  try {
    await fieldOf(page).pressSequentially(' Then it went dark.');
    await expect(late(page)).toBeVisible({ timeout: 60_000 });
    await expect(late(page)).toContainText('kept on this device');
    await writer.getByRole('button', { name: 'Publish' }).click();
    await expect(writer.getByRole('button', { name: 'Publishing …' })).toBeVisible();

    // Whoever comes now is told what is safe, and an API client to come again.
    const newcomer = await visiting.newPage();
    const shown = await newcomer.goto('/');
    expect(shown?.status()).toBe(503);
    await expect(newcomer.getByText('Everything that was published is safe.')).toBeVisible();
    await expect(newcomer.getByText('No story has been planted yet')).toHaveCount(0);
    const api = await mira.call('GET', '/api/inbox');
    expect([api.status, api.problem().code]).toEqual([503, 'unavailable']);
    expect(api.headers.get('retry-after')).not.toBeNull();
    expect((await mira.call('GET', '/health/ready')).status).toBe(503);
    expect((await mira.call('GET', '/health/live')).status).toBe(200);

    await expect(saved(page)).toHaveCount(0);
    await expect(takeOf(writer, 'Nia')).toHaveCount(0);
  } finally {
    postgres.back();
  }
  await expect(saved(page)).toBeVisible({ timeout: 40_000 });
  await expect(late(page)).toHaveCount(0);
  await expectWords(mira, seed.takeId, 'Once. Then it went dark.');
  // Sent again and again by the page, published once, and seen by the other one.
  await expect(takeOf(writer, 'Nia')).toBeVisible({ timeout: 40_000 });
  await expect(takeOf(page, 'Nia')).toBeVisible({ timeout: 40_000 });
  await expect(page.getByText('2 takes · 2 voices')).toBeVisible();
  await visiting.close();
});

test('while the collab-server hangs or is dead words are not called saved', async ({
  app,
  page,
}) => {
  const { mira, seed } = await atTheDesk(app, page);
  const { pid } = childNamed(app.pid, 'collab-server/main.ts');
  process.kill(pid, 'SIGSTOP');
  try {
    await fieldOf(page).pressSequentially(' It hung.');
    await expect(late(page)).toBeVisible({ timeout: 60_000 });
    await expect(saved(page)).toHaveCount(0);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await expect(saved(page)).toBeVisible();

  process.kill(app.pid, 'SIGSTOP');
  process.kill(pid, 'SIGKILL');
  try {
    await fieldOf(page).pressSequentially(' It died.');
    await expect(
      page.getByText('Offline. Kept on this device, and saved when the line is back').first(),
    ).toBeVisible();
    await expect(saved(page)).toHaveCount(0);
    await expect(page.getByRole('banner')).toContainText('Offline');
  } finally {
    process.kill(app.pid, 'SIGCONT');
  }
  await expect(saved(page)).toBeVisible({ timeout: 40_000 });
  await untilLive(page);
  await expectWords(mira, seed.takeId, 'Once. It hung. It died.');
});

test('while the storage is away a take stays on the device, and is published afterwards', async ({
  app,
  page,
}) => {
  const mira = await HttpPerson.named(app.origin, 'Mira');
  await mira.untilMixed(await mira.plantVoice('Before', spoken(61, 1)));
  await page.goto('/new');
  await startRecording(page);
  await speak(page, 1);
  await page.getByLabel('Title of the story').fill('Full disk');
  await page.getByLabel('Your name').fill('Ana');

  const objects = path.join(app.dataDir, 'objects');
  await rename(objects, `${objects}.away`);
  await writeFile(objects, 'this is no folder');
  try {
    expect((await mira.call('GET', '/health/ready')).status).toBe(503);
    await recorderOf(page).getByRole('button', { name: 'Publish' }).click();
    await expect(page.getByText(/Your take is safe on this device/u).first()).toBeVisible();
  } finally {
    await rm(objects);
    await rename(`${objects}.away`, objects);
  }
  await expect(page.getByRole('heading', { level: 1, name: 'Full disk' })).toBeVisible();
  await expect(takeOf(page, 'Ana')).not.toHaveAccessibleName(/being mixed/u);
});
