// What axe finds on each page, in both looks, wide and narrow: nothing.
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, test } from '../harness/journey.ts';
import { HttpPerson } from './support/http-person.ts';
import { openStory, recorderOf, speak, startRecording, untilLive } from './support/recording.ts';
import { plantForked, signIn } from './support/stories.ts';

const looks = ['dark', 'light'] as const;
const sizes = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
] as const;

async function expectNoViolations(page: Page, where: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const found = violations.map(
    ({ id, nodes }) =>
      `${where}: ${id} at ${nodes.map(({ target }) => target.join(' ')).join(', ')}`,
  );
  expect.soft(found).toEqual([]);
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect.soft(overflow, `${where}: wider than the window`).toBeLessThanOrEqual(0);
}

for (const look of looks) {
  for (const viewport of sizes) {
    test(`axe finds nothing, ${look}, ${viewport.width} wide`, async ({ app, browser }) => {
      const { slug, mira, lous } = await plantForked(app.origin, 'For everybody');
      // One alert that is read about and one that is new.
      const nia = await HttpPerson.named(app.origin, 'Nia');
      await nia.branchWords(lous, 'And the tide came in.');
      const context = await browser.newContext({
        baseURL: app.origin,
        viewport,
        colorScheme: look,
        permissions: ['microphone'],
        // Colours are judged at rest.
        reducedMotion: 'reduce',
      });
      const page = await context.newPage();
      for (const address of ['/', '/new', '/inbox', '/me', '/s/nothing-here']) {
        await page.goto(address);
        await expect(page.getByRole('main')).toBeVisible();
        await expectNoViolations(page, `${address} of a stranger`);
      }
      await signIn(context, mira);
      await openStory(page, `/s/${slug}`);
      await expectNoViolations(page, 'the story');
      if (viewport.width < 500) {
        await page.getByRole('button', { name: 'Tree' }).click();
        await expectNoViolations(page, 'the tree');
      }
      const then = `/s/${slug}/then?at=${new Date().toISOString()}`;
      for (const address of ['/inbox', '/me', `/s/${slug}/history`, then]) {
        await page.goto(address);
        await expectNoViolations(page, address);
      }
      await context.close();
    });
  }
}

test('axe finds nothing in the recorder, the form and the editor', async ({ app, page }) => {
  const { slug, mira, seed } = await plantForked(app.origin, 'At work');
  await signIn(page.context(), mira);
  await page.goto(`/s/${slug}?take=${seed.takeId}`);
  await untilLive(page);
  await page.getByRole('button', { name: 'Write Mira’s words' }).click();
  await expect(page.getByLabel('What Mira says')).toBeEditable();
  await expectNoViolations(page, 'the words editor');
  await page.getByRole('button', { name: 'Done' }).click();

  await page.getByRole('button', { name: 'Write', exact: true }).click();
  await expect(page.getByLabel('What comes after Mira?')).toBeVisible();
  await page.getByLabel('What comes after Mira?').fill('The sea was calm.');
  await expect(page.getByText('Saved', { exact: true }).first()).toBeVisible();
  await expectNoViolations(page, 'the form of a written take');
  await page.getByRole('button', { name: 'Leave' }).click();
  await expect(page.getByRole('region', { name: 'Your drafts' })).toBeVisible();
  await expectNoViolations(page, 'the drafts');

  await page.getByRole('button', { name: /Record over the tail/u }).click();
  await expect(recorderOf(page).getByRole('button', { name: 'Use microphone' })).toBeVisible();
  await expectNoViolations(page, 'the recorder');
  await startRecording(page);
  await expect(recorderOf(page).getByRole('button', { name: /^Stop/u })).toBeEnabled();
  await expectNoViolations(page, 'the recorder while it records');
  await speak(page, 3);
  await expectNoViolations(page, 'the review of a take');
});
