// A take on its way to the story: the page goes on meanwhile, and sending can be stopped.
import { expect, test } from '../harness/journey.ts';
import { HttpPerson } from './support/http-person.ts';
import { openStory, recorderOf, speak, startRecording, takeOf } from './support/recording.ts';
import { microphoneFile } from './support/sound.ts';
import { signIn } from './support/stories.ts';

test('known failure 3: while a take is sent the page is free, and sending can be stopped', async ({
  app,
  openPerson,
}, info) => {
  const [mira, ana] = await Promise.all([
    HttpPerson.named(app.origin, 'Mira'),
    HttpPerson.named(app.origin, 'Ana'),
  ]);
  const seed = await mira.plantWords('The pier', 'Once.');
  const context = await openPerson({ says: await microphoneFile(info.outputPath('ana.wav'), 83) });
  await signIn(context, ana);
  const page = await context.newPage();
  await openStory(page, `/s/${seed.slug}`);
  const recorder = recorderOf(page);
  await page.keyboard.press('r');
  await startRecording(page);
  await expect(recorder).toHaveAttribute('data-phase', 'extending');
  await speak(page, 1);
  // The store takes the bytes and does not answer.
  await page.route('**/objects/**', () => undefined);
  await recorder.getByRole('button', { name: 'Publish', exact: true }).click();
  await expect(recorder).toHaveAttribute('data-phase', 'publishing');
  await recorder.getByRole('button', { name: /^Listen/u }).click();
  await expect(recorder.getByRole('button', { name: /^Pause/u })).toBeVisible();
  await recorder.getByRole('button', { name: 'Stop publishing' }).click();
  await expect(recorder).toHaveAttribute('data-phase', 'reviewing');
  await page.unroute('**/objects/**');
  await recorder.getByRole('button', { name: 'Publish', exact: true }).click();
  await expect(takeOf(page, 'Ana')).toHaveAttribute('aria-selected', 'true');
  await expect(takeOf(page, 'Ana')).toHaveCount(1);
});
