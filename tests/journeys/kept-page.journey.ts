// Pages that were visited are there without a line: as they were last seen, whole, and for their person alone.
import type { BrowserContext, Page } from '@playwright/test';
import { startApp, type RunningApp } from '../harness/app.ts';
import { expect, test as journey } from '../harness/journey.ts';
import { childNamed, isRunning } from '../harness/processes.ts';
import { Device } from './support/device.ts';
import { HttpPerson } from './support/http-person.ts';
import { openStory, takeOf, untilLive } from './support/recording.ts';
import { signIn } from './support/stories.ts';

/** An app that no other journey uses: a worker's browser cannot be cut off, so the server is. */
const test = journey.extend<{ device: Device }, { app: RunningApp }>({
  app: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the fixtures' names from here
    async ({}, use) => {
      const app = await startApp();
      await use(app);
      await app.stop();
    },
    { scope: 'worker', timeout: 180_000 },
  ],
  device: async ({ app }, use) => {
    const device = await Device.of(await HttpPerson.named(app.origin, 'Ana'));
    await use(device);
    await device.discard();
  },
});

const SLOW = { timeout: 60_000 };

const notice = (page: Page) => page.getByText('This is the page as you last saw it');

/** The addresses of the pages that the device keeps, without the origin. */
const keptOn = async (page: Page): Promise<string[]> =>
  page.evaluate(async () => {
    const stored = await (await caches.open('pages-1')).match('/kept-pages.json');
    const list: { pages: { address: string }[] } = stored ? await stored.json() : { pages: [] };
    return list.pages.map(({ address }) => address.slice(location.origin.length));
  });

/** All trees that the device keeps, as text. */
const treesOn = async (page: Page): Promise<string> =>
  page.evaluate(
    () =>
      new Promise<string>((resolve, reject) => {
        const opening = indexedDB.open('tap-story-device');
        opening.addEventListener('error', () => reject(new Error('no database')));
        opening.addEventListener('success', () => {
          const db = opening.result;
          const asked = db.transaction('trees').objectStore('trees').getAll();
          asked.addEventListener('success', () => {
            db.close();
            resolve(JSON.stringify(asked.result));
          });
        });
      }),
  );

/** Files of builds that the device keeps. */
const filesOn = async (page: Page): Promise<number> =>
  page.evaluate(async () => {
    const kept = await (await caches.open('pages-1')).keys();
    return kept.filter(({ url }) => url.includes('/_app/immutable/')).length;
  });

const untilKept = (page: Page, path: string) =>
  expect.poll(() => keptOn(page), SLOW).toContain(path);

test('a story opens and can be written in without a line, and is renewed when there is one', async ({
  app,
  device,
}) => {
  const mira = await HttpPerson.named(app.origin, 'Mira');
  const seed = await mira.plantWords('Tunnel', 'Once.');
  let context = await device.open();
  let page = await context.newPage();
  await openStory(page, `/s/${seed.slug}`);
  await untilKept(page, `/s/${seed.slug}`);
  await expect(notice(page)).toHaveCount(0);
  // The story grows while the page is open: the device keeps that too.
  const kim = await HttpPerson.named(app.origin, 'Kim');
  const kims = await kim.branchWords(seed, 'The sea was warm.');
  await expect(takeOf(page, 'Kim')).toBeVisible(SLOW);
  await expect.poll(() => treesOn(page), SLOW).toContain(kims.takeId);
  await expect.poll(() => treesOn(page), SLOW).toContain('The sea was warm.');
  await device.close();

  // The browser starts anew, and nothing answers.
  const line = await cut(app);
  try {
    context = await device.open();
    page = await context.newPage();
    await page.goto(`/s/${seed.slug}?take=${seed.takeId}`);
    await expect(notice(page)).toBeVisible(SLOW);
    await expect(takeOf(page, 'Mira')).toHaveAttribute('aria-selected', 'true', SLOW);
    await expect(takeOf(page, 'Kim')).toBeVisible(SLOW);
    await expect(page.getByText('A new branch')).toHaveCount(0);
    await page.getByRole('button', { name: 'Write', exact: true }).click();
    await page.getByLabel('What comes after Mira?').fill('The sea was calm.');
    await expect(page.getByText(/Kept on this device/u).first()).toBeVisible(SLOW);
    await page.reload();
    await expect(notice(page)).toBeVisible(SLOW);
    const drafts = page.getByRole('region', { name: 'Your drafts' });
    await expect(drafts.getByText('After Mira')).toBeVisible(SLOW);
    // Whatever else the site has says that it is not here.
    const other = await context.newPage();
    await other.goto('/me');
    await expect(other.getByRole('heading', { name: 'No network just now' })).toBeVisible(SLOW);
  } finally {
    line.mend();
  }
  await expect(notice(page)).toHaveCount(0, SLOW);
  await untilLive(page);
  const jo = await HttpPerson.named(app.origin, 'Jo');
  await jo.branchWords(seed, 'The sea was wild.');
  await takeOf(page, 'Jo').click(SLOW);
  await expect(page.getByText('The sea was wild.').first()).toBeAttached(SLOW);
});

test('what was kept for one person is gone when another comes, or nobody', async ({
  app,
  context,
  page,
}) => {
  const mira = await HttpPerson.named(app.origin, 'Mira');
  const seed = await mira.plantWords('For Mira', 'Once.');
  await signIn(context, mira);
  await openStory(page, `/s/${seed.slug}`);
  await untilKept(page, `/s/${seed.slug}`);
  expect(await filesOn(page)).toBeGreaterThan(10);
  await become(context, await HttpPerson.named(app.origin, 'Jo'));
  await page.goto('/me');
  await expect.poll(() => keptOn(page), SLOW).toEqual([]);
  await expect.poll(() => filesOn(page), SLOW).toBe(0);

  await openStory(page, `/s/${seed.slug}`);
  await untilKept(page, `/s/${seed.slug}`);
  await page.evaluate(() => fetch('/api/session', { method: 'DELETE' }));
  await expect.poll(() => keptOn(page), SLOW).not.toContain(`/s/${seed.slug}`);
});

/** Ends the process that serves pages and sockets, and keeps it from being started again. */
async function cut(app: RunningApp): Promise<{ mend(): void }> {
  const { pid } = childNamed(app.pid, 'web/server.ts');
  process.kill(app.pid, 'SIGSTOP');
  process.kill(pid, 'SIGKILL');
  await expect.poll(() => isRunning(pid)).toBe(false);
  return { mend: () => process.kill(app.pid, 'SIGCONT') };
}

async function become(context: BrowserContext, person: HttpPerson): Promise<void> {
  await context.clearCookies();
  await signIn(context, person);
}
