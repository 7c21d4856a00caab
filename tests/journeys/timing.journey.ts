// Somebody measures their devices, records over a tail, nudges the take by ear, and publishes it: it
// lies where they put it, and whoever hears it is told what is known against its timing.
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { publishedSchema } from '#domain/protocol/commands.ts';
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';
import * as v from 'valibot';
import { expect, test } from '../harness/journey.ts';
import { locate } from '../harness/tones.ts';
import { hearSpeakers } from './support/heard-speakers.ts';
import { HttpPerson } from './support/http-person.ts';
import { openStory, recorderOf, takeOf } from './support/recording.ts';
import { decode, spoken } from './support/sound.ts';
import { signIn } from './support/stories.ts';

/** So late that no guess comes near it. */
const DELAY_MS = 180;
const NUDGE_MS = 12;
/** The browser's own way from one stream to the other may stutter on a busy machine. */
const TOLERANCE_MS = 10;

test('a take is measured into its place, nudged by ear, and tells that its sync is loose', async ({
  app,
  browser,
}, info) => {
  test.slow();
  const mira = await HttpPerson.named(app.origin, 'Mira');
  const seed = await mira.plantVoice('In time', spoken(61, 4));
  await mira.untilMixed(seed);
  const context = await browser.newContext({ baseURL: app.origin, reducedMotion: 'reduce' });
  await context.addInitScript(hearSpeakers, { delayMs: DELAY_MS, label: 'AirPods Pro' });
  await signIn(context, await HttpPerson.named(app.origin, 'Jo'));
  const page = await context.newPage();
  await openStory(page, `/s/${seed.slug}`);
  await takeOf(page, 'Mira').click();
  await page.getByRole('button', { name: /Record over the tail/u }).click();
  const recorder = recorderOf(page);
  await recorder.getByRole('button', { name: 'Use microphone' }).click();

  await test.step('what is used is a guess, and Bluetooth is warned of before Record', async () => {
    await expect(recorder.getByText(/^Timing: guessed \d+ ms$/u)).toBeVisible();
    await expect(recorder.getByText(/^Bluetooth is late/u)).toBeVisible();
    await expectAccessible(page, 'armed');
  });

  await test.step('two sweeps measure it, by keyboard alone', async () => {
    await recorder.getByRole('button', { name: 'Measure it, 4 s' }).press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Check the timing' });
    await expect(dialog).toBeVisible();
    await expectAccessible(page, 'measuring');
    await dialog.getByRole('button', { name: 'Play the sweeps' }).press('Enter');
    await expect(dialog.getByRole('status')).toContainText('ms. Your takes are moved by that');
    await page.keyboard.press('Escape');
    await expect(dialog).toBeHidden();
    await expect(recorder).toHaveAttribute('data-phase', 'armed');
    const line = await recorder.getByText(/^Timing: measured/u).innerText();
    const ms = Number(/measured (\d+) ms on/u.exec(line)?.[1]);
    info.annotations.push({
      type: 'measured',
      description: `${ms} ms of ${DELAY_MS} and the browser's own`,
    });
    expect(ms).toBeGreaterThanOrEqual(DELAY_MS);
    expect(ms).toBeLessThan(DELAY_MS + 150);
  });

  await test.step('a take is recorded, and nudged by keys', async () => {
    await recorder.getByRole('button', { name: /^Record/u }).click();
    await expect(recorder).toHaveAttribute('data-phase', 'extending');
    await recorder.getByRole('button', { name: /^Stop/u }).click();
    await expect(recorder).toHaveAttribute('data-phase', 'reviewing');
    await expect(recorder.getByText(/Loose sync/u).first()).toBeVisible();
    await recorder.getByRole('button', { name: '1 millisecond later' }).focus();
    for (const key of ['Shift+Period', 'Period', 'Period']) await page.keyboard.press(key);
    await expect(recorder.getByRole('group', { name: 'Nudge: 12 ms later' })).toBeVisible();
    const asRecorded = recorder.getByRole('button', { name: 'A: as recorded' });
    await asRecorded.click();
    await expect(asRecorded).toHaveAttribute('aria-pressed', 'true');
    await recorder.getByRole('button', { name: 'B: nudged' }).click();
    await expect(asRecorded).toHaveAttribute('aria-pressed', 'false');
    await expectAccessible(page, 'nudged');
  });

  await test.step('the limit explains itself, and the way back is one press', async () => {
    const later = recorder.getByRole('button', { name: '10 milliseconds later' });
    await later.focus();
    for (let press = 0; press < 24; press += 1) await page.keyboard.press('>');
    await expect(recorder.getByText(/^At most 250 ms either way/u)).toBeVisible();
    await recorder.getByRole('button', { name: 'Undo nudge' }).click();
    await expect(recorder.getByRole('group', { name: 'Nudge: as recorded' })).toBeVisible();
    await later.click();
    for (let press = 0; press < 2; press += 1) await page.keyboard.press('.');
    await expect(recorder.getByRole('group', { name: 'Nudge: 12 ms later' })).toBeVisible();
  });

  const published = await test.step('it is published, and says so to others', async () => {
    const answer = page.waitForResponse((response) => response.url().endsWith('/takes'));
    await page.keyboard.press('Control+Enter');
    const published = v.parse(publishedSchema, await (await answer).json());
    await expect(
      page.getByText('Loose sync, over Bluetooth or the like.', { exact: true }),
    ).toBeVisible();
    return published;
  });

  await test.step('and it lies where it was put', async () => {
    await mira.untilMixed(published);
    const stems = await Promise.all(
      [seed.takeId, published.takeId].map(async (id) =>
        decode((await mira.call('GET', `/api/takes/${id}/stem`)).bytes, 'flac'),
      ),
    );
    const [parent, take] = stems;
    if (parent === undefined || take === undefined) throw new Error('a stem is missing');
    const { lagSamples, peakRatio } = locate(parent, take);
    const offMs = (lagSamples * 1_000) / SAMPLE_RATE;
    info.annotations.push({
      type: 'place',
      description: `${offMs.toFixed(2)} ms, nudged by ${NUDGE_MS}; peak ratio ${peakRatio.toFixed(1)}`,
    });
    expect(peakRatio).toBeGreaterThan(1.5);
    expect(Math.abs(offMs - NUDGE_MS)).toBeLessThanOrEqual(TOLERANCE_MS);
  });
  await test.step('what was measured is there again on the next visit', async () => {
    await page.reload();
    await takeOf(page, 'Mira').click();
    await page.getByRole('button', { name: /Record over the tail/u }).click();
    await recorder.getByRole('button', { name: 'Use microphone' }).click();
    await expect(recorder.getByText(/^Timing: measured \d+ ms on /u)).toBeVisible();
    await expect(recorder.getByRole('button', { name: 'Check again' })).toBeVisible();
  });
  await context.close();
});

async function expectAccessible(page: Page, where: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const found = violations.map(
    ({ id, nodes }) => `${id} at ${nodes.map(({ target }) => target.join(' ')).join(', ')}`,
  );
  expect.soft(found, where).toEqual([]);
  if (process.env['SHOTS']) await shoot(page, where);
}

/** For those who look: both widths, both looks. */
async function shoot(page: Page, where: string): Promise<void> {
  for (const width of [1440, 390]) {
    for (const colorScheme of ['dark', 'light'] as const) {
      await page.setViewportSize({ width, height: width === 390 ? 844 : 900 });
      await page.emulateMedia({ colorScheme });
      await page.screenshot({
        path: `${process.env['SHOTS']}/${where}-${width}-${colorScheme}.png`,
      });
    }
  }
  await page.setViewportSize({ width: 1440, height: 900 });
}
