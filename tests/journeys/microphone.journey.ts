// The recorder's microphone: silent, blocked, and allowed when nobody waits for it any more.
import { writeFile } from 'node:fs/promises';
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';
import { expect, test } from '../harness/journey.ts';
import { wavFile } from '../harness/tones.ts';
import { expectNoViolationsTwice } from './support/axe.ts';
import { beforeTheQuay, inPhase, recorderOf } from './support/recording.ts';

test('a silent microphone is noticed, and another one is chosen while the take is kept', async ({
  app,
  openPerson,
}, info) => {
  const silence = info.outputPath('silence.wav');
  await writeFile(silence, wavFile(new Float32Array(60 * SAMPLE_RATE)));
  const page = await beforeTheQuay(app.origin, await openPerson({ says: silence }));
  const recorder = recorderOf(page);
  const picker = recorder.getByLabel('Microphone');
  await page.keyboard.press('r');
  await recorder.getByRole('button', { name: 'Use microphone' }).click();
  await inPhase(page, 'armed');
  await expect(
    recorder.getByText('We hear nothing. Is the right microphone chosen?'),
  ).toBeVisible();
  await expect(picker).toBeEnabled();
  await expectNoViolationsTwice(page, 'a silent microphone');
  const choose = async (): Promise<void> => {
    const chosen = await picker.inputValue();
    const others = await picker
      .locator('option')
      .evaluateAll((options) => options.map((option) => (option as HTMLOptionElement).value));
    const other = others.find((id) => id !== chosen);
    if (other === undefined) throw new Error('there is one microphone only');
    await picker.selectOption(other);
    await inPhase(page, 'armed');
    await expect(picker).toHaveValue(other);
  };
  await choose();
  await recorder.getByRole('button', { name: /^Record/u }).click();
  await inPhase(page, 'recording');
  await choose();
  await recorder.getByRole('button', { name: 'Back to your take' }).click();
  await inPhase(page, 'reviewing');
});

test('known failure 28: a microphone that is blocked says how it is allowed, and then is used', async ({
  app,
  openPerson,
}) => {
  const context = await openPerson({ isAllowed: false });
  // A Chromium without a window cannot refuse a microphone: the page does it by the real permission.
  await context.addInitScript(() => {
    const devices = navigator.mediaDevices;
    const open = devices.getUserMedia.bind(devices);
    devices.getUserMedia = async (wanted) => {
      const { state } = await navigator.permissions.query({ name: 'microphone' });
      if (state !== 'granted') throw new DOMException('Permission denied', 'NotAllowedError');
      return open(wanted);
    };
  });
  const page = await beforeTheQuay(app.origin, context);
  const recorder = recorderOf(page);
  // Nothing is asked for before somebody wants to record.
  await page.keyboard.press('r');
  await inPhase(page, 'idle');
  await recorder.getByRole('button', { name: 'Use microphone' }).click();
  await inPhase(page, 'denied');
  await expect(recorder.locator('strong')).toHaveText('The microphone is blocked');
  await expect(recorder.getByText(/allow Microphone, then try again/u)).toBeVisible();
  await expect(recorder.getByText('Upload a file', { exact: true })).toBeVisible();
  await expectNoViolationsTwice(page, 'a blocked microphone');
  await recorder.getByRole('button', { name: 'Try again' }).click();
  await inPhase(page, 'denied');
  await context.grantPermissions(['microphone']);
  await expect(recorder.getByText('The microphone is allowed now.').first()).toBeVisible();
  await page.keyboard.press('r');
  await inPhase(page, 'armed');
});

test('a microphone that is allowed after its page was left is closed again', async ({
  app,
  openPerson,
}) => {
  const context = await openPerson();
  // The browser's question, which stands until it is answered.
  await context.addInitScript(() => {
    const devices = navigator.mediaDevices;
    const open = devices.getUserMedia.bind(devices);
    const answer = Promise.withResolvers<void>();
    const tracks: MediaStreamTrack[] = [];
    Object.assign(globalThis, { allow: answer.resolve, tracks });
    devices.getUserMedia = async (wanted) => {
      await answer.promise;
      const stream = await open(wanted);
      tracks.push(...stream.getTracks());
      return stream;
    };
  });
  const page = await beforeTheQuay(app.origin, context);
  await page.keyboard.press('r');
  await recorderOf(page).getByRole('button', { name: 'Use microphone' }).click();
  await inPhase(page, 'asking');
  await page.getByRole('link', { name: 'Tap Story, all stories' }).click();
  await expect(page).toHaveURL(`${app.origin}/`);
  await page.evaluate(() => (globalThis as unknown as { allow: () => void }).allow());
  const states = () =>
    page.evaluate(() =>
      (globalThis as unknown as { tracks: MediaStreamTrack[] }).tracks.map(
        ({ readyState }) => readyState,
      ),
    );
  await expect.poll(states).toEqual(['ended']);
});
