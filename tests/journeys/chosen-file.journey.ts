// A file that was chosen instead of a recording, as other recorders make them.
import type { Page } from '@playwright/test';
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';
import { expect, test } from '../harness/journey.ts';
import { HttpPerson } from './support/http-person.ts';
import { recorderOf, takeInAddress, takeOf } from './support/recording.ts';
import { decode, microphoneFile, peakOf } from './support/sound.ts';
import { signIn } from './support/stories.ts';

/** What the browser's own recorder makes of three seconds of its microphone. */
async function recordedByBrowser(page: Page): Promise<{ mimeType: string; buffer: Buffer }> {
  const { mimeType, text } = await page.evaluate(async () => {
    const microphone = await navigator.mediaDevices.getUserMedia({ audio: true });
    const recorder = new MediaRecorder(microphone, { mimeType: 'audio/webm;codecs=opus' });
    const pieces: Blob[] = [];
    const enough = new Promise<void>((resolve) => {
      recorder.addEventListener('dataavailable', ({ data }) => {
        pieces.push(data);
        if (pieces.length === 3) recorder.stop();
      });
      recorder.addEventListener('stop', () => resolve());
    });
    recorder.start(1_000);
    await enough;
    for (const track of microphone.getTracks()) track.stop();
    const bytes = new Uint8Array(await new Blob(pieces).arrayBuffer());
    let text = '';
    for (const byte of bytes) text += String.fromCharCode(byte);
    return { mimeType: recorder.mimeType, text: btoa(text) };
  });
  return { mimeType, buffer: Buffer.from(text, 'base64') };
}

test('known failures 46 and 47: what a browser’s own recorder made is taken, whatever its name', async ({
  app,
  openPerson,
}, info) => {
  const ana = await HttpPerson.named(app.origin, 'Ana');
  const context = await openPerson({ says: await microphoneFile(info.outputPath('ana.wav'), 95) });
  await signIn(context, ana);
  const page = await context.newPage();
  await page.goto('/new');
  const { mimeType, buffer } = await recordedByBrowser(page);
  expect(mimeType).toBe('audio/webm;codecs=opus');
  const recorder = recorderOf(page);
  await recorder.locator('input[type=file]').setInputFiles({ name: 'wav', mimeType, buffer });
  await page.getByLabel('Title of the story').fill('As browsers record');
  const announced = page.waitForRequest((request) => request.url().endsWith('/api/uploads'));
  await recorder.getByRole('button', { name: 'Publish' }).click();
  expect((await announced).postDataJSON()).toMatchObject({ contentType: mimeType });
  await expect(takeOf(page, 'Ana')).toBeVisible();
  await expect(takeOf(page, 'Ana')).not.toHaveAccessibleName(/being mixed/u);
  const { bytes } = await ana.call('GET', `/api/takes/${takeInAddress(page)}/stem`);
  const samples = await decode(bytes, 'flac');
  expect(samples.length).toBeGreaterThan(2 * SAMPLE_RATE);
  expect(peakOf(samples)).toBeGreaterThan(0.05);
});
