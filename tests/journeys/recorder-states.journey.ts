// What axe finds in the states of the recorder that pass by themselves: nothing.
import type { BrowserContext, Page } from '@playwright/test';
import { expect, test } from '../harness/journey.ts';
import { expectNoViolationsTwice } from './support/axe.ts';
import { holdMicrophone, type HeldMicrophone } from './support/held-microphone.ts';
import { HttpPerson } from './support/http-person.ts';
import { openStory, recorderOf, startRecording, takeOf } from './support/recording.ts';
import { microphoneFile, spoken } from './support/sound.ts';
import { signIn } from './support/stories.ts';

interface Gated {
  readonly heldMicrophone: HeldMicrophone;
}

const act = (page: Page, what: 'hold' | 'release'): Promise<void> =>
  page.evaluate((name) => (globalThis as unknown as Gated).heldMicrophone[name](), what);

async function expectPhase(page: Page, phase: string): Promise<void> {
  await expect(recorderOf(page)).toHaveAttribute('data-phase', phase);
}

/** Looks at a state that passes, and that is there still when all of it was looked at. */
async function lookAt(page: Page, phase: string): Promise<void> {
  await expectPhase(page, phase);
  await expectNoViolationsTwice(page, `the recorder, ${phase}`);
  expect(await recorderOf(page).getAttribute('data-phase')).toBe(phase);
}

async function someone(app: { origin: string }, context: BrowserContext): Promise<Page> {
  await signIn(context, await HttpPerson.named(app.origin, 'Ana'));
  return context.newPage();
}

test('axe finds nothing while a take begins, while it ends, and after it was refused', async ({
  app,
  openPerson,
}, info) => {
  const mira = await HttpPerson.named(app.origin, 'Mira');
  const seed = await mira.plantVoice('The locks', spoken(91, 6));
  const context = await openPerson({ says: await microphoneFile(info.outputPath('ana.wav'), 92) });
  await context.addInitScript(holdMicrophone);
  const page = await someone(app, context);
  await openStory(page, `/s/${seed.slug}`);
  await expect(takeOf(page, 'Mira')).not.toHaveAccessibleName(/being mixed/u);
  await page.getByRole('button', { name: /Record over the tail/u }).click();
  await recorderOf(page).getByRole('button', { name: 'Use microphone' }).click();
  await expectPhase(page, 'armed');
  // A take begins with the first sample that is delivered of it.
  await act(page, 'hold');
  await page.keyboard.press('r');
  await lookAt(page, 'pre-roll');
  await act(page, 'release');
  await expectPhase(page, 'extending');

  // It ends with the last one, which this device takes its time to deliver.
  await act(page, 'hold');
  await page.waitForFunction(() => (globalThis as unknown as Gated).heldMicrophone.waiting > 80);
  await page.evaluate(() => (globalThis as unknown as Gated).heldMicrophone.drip(400));
  await page.keyboard.press('r');
  await lookAt(page, 'stopping');
  await act(page, 'release');
  await expectPhase(page, 'reviewing');

  const deleted = await mira.call('PUT', `/api/stories/${seed.storyId}/deleted`);
  expect(deleted.status).toBeLessThan(300);
  await expect(page.getByText('This story was deleted', { exact: true })).toBeVisible();
  await recorderOf(page).getByRole('button', { name: 'Publish' }).click();
  await lookAt(page, 'failed');
});

test('axe finds nothing when a take is found again, when it waits, and when it is published', async ({
  app,
  openPerson,
}, info) => {
  const context = await openPerson({ says: await microphoneFile(info.outputPath('ana.wav'), 93) });
  const page = await someone(app, context);
  await page.goto('/new');
  await startRecording(page);
  await expectPhase(page, 'extending');
  await page.reload();
  await expectNoViolationsTwice(page, 'a take that was kept');
  await page.getByRole('button', { name: 'Use', exact: true }).click();
  await lookAt(page, 'recovered');

  // Once it is queued the recorder makes room for the next one.
  await page.getByLabel('Title of the story').fill('Found again');
  await context.setOffline(true);
  await recorderOf(page).getByRole('button', { name: 'Publish' }).click();
  const waits = page.getByRole('region', { name: 'A take of yours on this device' });
  await expect(waits).toContainText('Waiting for network');
  await expectNoViolationsTwice(page, 'a take that is queued');
  await context.setOffline(false);
  await expect(waits).toHaveCount(0);

  await recorderOf(page)
    .locator('input[type=file]')
    .setInputFiles({ name: 'a.wav', mimeType: 'audio/wav', buffer: Buffer.from(spoken(94, 2)) });
  await page.getByLabel('Title of the story').fill('Sent at once');
  // The story's page is on its way.
  const { promise: looked, resolve: goOn } = Promise.withResolvers<void>();
  await page.route(/__data\.json/u, async (route) => {
    await looked;
    await route.continue();
  });
  await recorderOf(page).getByRole('button', { name: 'Publish' }).click();
  await lookAt(page, 'live');
  goOn();
  await expect(page.getByRole('heading', { level: 1, name: 'Sent at once' })).toBeVisible();
});
