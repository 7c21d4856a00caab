// A device that does not keep a take: the recorder goes on, and calls nothing safe that is not.
import { expect, test } from '../harness/journey.ts';
import { beforeTheQuay, inPhase, recorderOf, startRecording } from './support/recording.ts';

test('a store that hangs does not hold the recorder, and the take is not called safe', async ({
  app,
  openPerson,
}) => {
  const context = await openPerson();
  // Of what the page tells its worker, nothing arrives any more.
  await context.addInitScript(() => {
    // oxlint-disable-next-line typescript/unbound-method -- called with its own `this` below
    const post = Worker.prototype.postMessage as (this: Worker, ...given: unknown[]) => void;
    Object.assign(globalThis, { hangs: false });
    Worker.prototype.postMessage = function (...given: unknown[]) {
      if (!(globalThis as unknown as { hangs: boolean }).hangs) post.apply(this, given);
    };
  });
  const page = await beforeTheQuay(app.origin, context);
  const recorder = recorderOf(page);
  await page.keyboard.press('r');
  await startRecording(page);
  await expect(recorder).toHaveAttribute('data-kept-frames', /^\d{5,}$/u);
  await page.evaluate(() => Object.assign(globalThis, { hangs: true }));
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
