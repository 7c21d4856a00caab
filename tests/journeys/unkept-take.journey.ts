// A device that does not keep a take: the recorder goes on, and calls nothing safe that is not.
import type { BrowserContext, Page } from '@playwright/test';
import { expect, test } from '../harness/journey.ts';
import { beforeTheQuay, inPhase, recorderOf, startRecording } from './support/recording.ts';
import { spoken } from './support/sound.ts';

/** Of what a page tells its worker nothing arrives any more, once `hangs` is true on it. */
async function mayHang(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    // oxlint-disable-next-line typescript/unbound-method -- called with its own `this` below
    const post = Worker.prototype.postMessage as (this: Worker, ...given: unknown[]) => void;
    Object.assign(globalThis, { hangs: false });
    Worker.prototype.postMessage = function (...given: unknown[]) {
      if (!(globalThis as unknown as { hangs: boolean }).hangs) post.apply(this, given);
    };
  });
}

const hang = (page: Page): Promise<unknown> =>
  page.evaluate(() => Object.assign(globalThis, { hangs: true }));

test('a store that hangs does not hold the recorder, and the take is not called safe', async ({
  app,
  openPerson,
}) => {
  const context = await openPerson();
  await mayHang(context);
  const page = await beforeTheQuay(app.origin, context);
  const recorder = recorderOf(page);
  await page.keyboard.press('r');
  await startRecording(page);
  await expect(recorder).toHaveAttribute('data-kept-frames', /^\d{5,}$/u);
  await hang(page);
  await inPhase(page, 'extending');
  await page.keyboard.press('r');
  await inPhase(page, 'reviewing');
  await expect(recorder.getByText('This device does not keep this take')).toBeVisible();
  await expect(recorder.getByText('On this page alone until you publish it.')).toBeVisible();
  await expect(recorder.getByText(/safe on this device/iu)).toHaveCount(0);
  await page.getByRole('link', { name: 'Tap Story, all stories' }).click();
  await expect(
    page.getByRole('dialog', { name: 'Leave, and lose this?' }).getByRole('listitem'),
  ).toHaveText(['The take that you recorded']);
});

test('a file that was chosen is called safe only once the device keeps it', async ({
  app,
  openPerson,
}) => {
  const context = await openPerson();
  await mayHang(context);
  const page = await context.newPage();
  await page.goto(`${app.origin}/new`, { waitUntil: 'networkidle' });
  await hang(page);
  const recorder = recorderOf(page);
  // Every word that the recorder shows from now on.
  await recorder.evaluate((element) => {
    const shown: string[] = [];
    Object.assign(globalThis, { shown });
    new MutationObserver(() => shown.push(element.textContent ?? '')).observe(element, {
      childList: true,
      characterData: true,
      subtree: true,
    });
  });
  const buffer = Buffer.from(spoken(31, 3));
  const file = { name: 'quay.wav', mimeType: 'audio/wav', buffer };
  await recorder.locator('input[type=file]').setInputFiles(file);
  await expect(recorder.getByText('This device does not keep this take')).toBeVisible();
  const shown = await page.evaluate(() => (globalThis as unknown as { shown: string[] }).shown);
  expect(shown.filter((words) => /safe on this device/iu.test(words))).toEqual([]);
});
