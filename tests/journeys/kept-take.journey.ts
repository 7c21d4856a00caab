// What is recorded outlives the browser: it is offered on the next visit, and can be published.
import type { Page } from '@playwright/test';
import { isPlaced } from '#domain/story/take.ts';
import { endOf } from '#domain/timeline/duet.ts';
import { expect, test as journey } from '../harness/journey.ts';
import { hearSpeakers } from './support/heard-speakers.ts';
import { HttpPerson } from './support/http-person.ts';
import { takesOnDisk } from './support/kept-on-disk.ts';
import { KilledBrowser } from './support/killed-browser.ts';
import { openStory, recorderOf, speak, startRecording, takeOf } from './support/recording.ts';
import { microphoneFile, spoken } from './support/sound.ts';
import { signIn } from './support/stories.ts';
import { readTree } from './support/tree.ts';

const test = journey.extend<{ device: KilledBrowser }>({
  device: async ({ app }, use, info) => {
    const says = await microphoneFile(info.outputPath('says.wav'), 31);
    const browser = await KilledBrowser.of({ origin: app.origin, says });
    await use(browser);
    await browser.discard();
  },
});

/** Waits until this much of the take that is recorded is on the device, seconds. */
async function untilKept(page: Page, seconds: number): Promise<void> {
  const frames = async () => Number(await recorderOf(page).getAttribute('data-kept-frames'));
  await expect.poll(frames, { intervals: [50] }).toBeGreaterThan(seconds * 48_000);
}

const offer = (page: Page) => page.getByText(/^We kept your take from \d\d:\d\d \(/u);

test('known failure 1: a seed that is recorded while the browser dies is there on the next visit', async ({
  device: browser,
}) => {
  const page = await browser.open();
  await page.goto('/new');
  await startRecording(page);
  await untilKept(page, 1);
  await browser.kill();

  const back = await browser.open();
  await back.goto('/new');
  await expect(offer(back)).toBeVisible();
  // Deleting it can be taken back, and a page that goes meanwhile has deleted nothing.
  await back.getByRole('button', { name: 'Delete' }).click();
  await expect(offer(back)).toHaveCount(0);
  await expect(back.getByRole('button', { name: 'Undo' })).toBeFocused();
  await back.reload();
  await expect(offer(back)).toBeVisible();
  await back.getByRole('button', { name: 'Delete' }).click();
  await back.getByRole('button', { name: 'Undo' }).click();
  await expect(offer(back)).toBeVisible();

  await back.getByRole('button', { name: 'Use', exact: true }).click();
  await back.getByLabel('Title of the story').fill('The kept');
  await back.getByLabel('Your name').fill('Ana');
  await expect(offer(back)).toHaveCount(0);
  // Another tab does not have it while this one does.
  const other = await back.context().newPage();
  await other.goto('/new');
  await expect(other.getByRole('button', { name: 'Use microphone' })).toBeVisible();
  await expect(offer(other)).toHaveCount(0);
  await recorderOf(back).getByRole('button', { name: 'Publish' }).click();
  await expect(back.getByRole('heading', { level: 1, name: 'The kept' })).toBeVisible();
  await back.goto('/new');
  await expect(back.getByRole('button', { name: 'Use microphone' })).toBeVisible();
  await expect(offer(back)).toHaveCount(0);
});

test('a take over a tail waits for the network on this device, and is published from another page', async ({
  app,
  device: browser,
}) => {
  const mira = await HttpPerson.named(app.origin, 'Mira');
  const seed = await mira.plantWords('The long line', 'Once.');
  const ben = await HttpPerson.named(app.origin, 'Ben');
  const page = await browser.open();
  await signIn(page.context(), ben);
  await openStory(page, `/s/${seed.slug}`);
  await page.getByRole('button', { name: 'Record over the tail' }).click();
  await startRecording(page);
  await expect(recorderOf(page).getByText('Stop whenever you like', { exact: true })).toBeVisible();
  await recorderOf(page).getByRole('button', { name: /^Stop/u }).click();
  await page.context().setOffline(true);
  await recorderOf(page).getByRole('button', { name: 'Publish' }).click();
  const card = page.getByRole('region', { name: 'A take of yours on this device' });
  await expect(card.getByRole('status')).toHaveText('Kept here. Waiting for network');
  await expect(card.getByRole('button', { name: 'Retry' })).toBeVisible();
  await browser.kill();

  const back = await browser.open();
  // A browser writes its cookies down half a minute late.
  await signIn(back.context(), ben);
  await back.goto('/');
  await expect
    .poll(async () => {
      const answer = await mira.call('GET', `/s/${seed.slug}`);
      return new TextDecoder().decode(answer.bytes).includes('Ben');
    })
    .toBe(true);
  await openStory(back, `/s/${seed.slug}`);
  await expect(takeOf(back, 'Ben')).toHaveCount(1);
  await expect(offer(back)).toHaveCount(0);
});

test('what was made of a take in review is there after a crash, and that its sync is loose', async ({
  app,
  device: browser,
}) => {
  const mira = await HttpPerson.named(app.origin, 'Mira');
  const seed = await mira.plantVoice('The quay', spoken(31, 3));
  await mira.untilMixed(seed);
  const ben = await HttpPerson.named(app.origin, 'Ben');
  const open = async (): Promise<Page> => {
    const page = await browser.open();
    await page.context().addInitScript(hearSpeakers, { delayMs: 20, label: 'AirPods Pro' });
    // A browser writes its cookies down half a minute late.
    await signIn(page.context(), ben);
    await openStory(page, `/s/${seed.slug}`);
    return page;
  };
  const page = await open();
  const recorder = recorderOf(page);
  await page.getByRole('button', { name: 'Record over the tail' }).click();
  await startRecording(page);
  await expect(recorder).toHaveAttribute('data-phase', 'extending');
  await speak(page, 5);
  await recorder.getByLabel('Your name').fill('Ben of the quay');
  await recorder.getByLabel('Words').fill('All aboard.');
  await recorder.getByRole('button', { name: '10 milliseconds later' }).click();
  await recorder.getByRole('slider', { name: 'End of the take' }).press('Home');
  await expect(recorder.getByLabel('Ends at')).toHaveValue('4.00');
  const made = { name: 'Ben of the quay', words: 'All aboard.' };
  await expect
    .poll(() => takesOnDisk(page))
    .toMatchObject([{ ...made, edit: { nudgeMs: 10, trim: { toSamples: 4 * 48_000 } } }]);
  // Another one is being recorded when everything ends.
  await recorder.getByRole('button', { name: 'Retake' }).click();
  await recorder.getByRole('button', { name: /^Record/u }).click();
  await expect(recorder).toHaveAttribute('data-phase', /recording|extending/u);
  await untilKept(page, 1);
  await browser.kill();

  const back = await open();
  await expect(offer(back)).toHaveCount(2);
  await back.getByRole('button', { name: 'Use', exact: true }).first().click();
  await expect(recorderOf(back)).toHaveAttribute('data-phase', 'recovered');
  await expect(recorderOf(back).getByLabel('Your name')).toHaveValue('Ben of the quay');
  await expect(recorderOf(back).getByLabel('Words')).toHaveValue('All aboard.');
  await expect(recorderOf(back).getByLabel('Ends at')).toHaveValue('4.00');
  await expect(recorderOf(back).getByRole('group', { name: 'Nudge: 10 ms later' })).toBeVisible();
  await expect(recorderOf(back).getByText(/^Loose sync/u)).toBeVisible();
  await recorderOf(back).getByRole('button', { name: 'Close' }).click();
  await back.getByRole('button', { name: 'Use', exact: true }).last().click();
  await expect(recorderOf(back)).toHaveAttribute('data-phase', 'recovered');
  await expect(recorderOf(back).getByLabel('Words')).toHaveValue('');
  await expect(recorderOf(back).getByText(/^Loose sync/u)).toBeVisible();
});

test('while a take is recorded no other one takes its place', async ({ page }) => {
  await page.goto('/new');
  await startRecording(page);
  await untilKept(page, 1);
  await page.reload();
  const use = page.getByRole('button', { name: 'Use', exact: true });
  const write = page.getByRole('button', { name: 'Write', exact: true });
  await expect(use).toBeEnabled();
  await startRecording(page);
  await untilKept(page, 1);
  await expect(use).toBeDisabled();
  await expect(write).toBeDisabled();
  await expect(page.getByText('First stop the take that you are recording.')).toBeVisible();
  await recorderOf(page).getByRole('button', { name: /^Stop/u }).click();
  await expect(recorderOf(page)).toHaveAttribute('data-phase', 'reviewing');
  await expect(write).toBeEnabled();
  // What is in review is kept like any other: both are there, one after the other.
  await use.click();
  await expect(recorderOf(page)).toHaveAttribute('data-phase', 'recovered');
  await expect(offer(page)).toHaveCount(1);
});

test('without a line a take is recorded over one that waits, and both are published in their order', async ({
  app,
  openPerson,
}) => {
  const mira = await HttpPerson.named(app.origin, 'Mira');
  const seed = await mira.plantVoice('The quay', spoken(31, 3));
  await mira.untilMixed(seed);
  const context = await openPerson();
  await signIn(context, await HttpPerson.named(app.origin, 'Ben'));
  const page = await context.newPage();
  await openStory(page, `/s/${seed.slug}`);
  const recorder = recorderOf(page);
  const cards = page.getByRole('region', { name: 'A take of yours on this device' });
  await page.getByRole('button', { name: 'Record over the tail' }).click();
  await startRecording(page);
  await speak(page, 5);
  await context.setOffline(true);
  await recorder.getByRole('button', { name: 'Publish' }).click();
  await expect(cards.getByRole('status')).toHaveText(['Kept here. Waiting for network']);

  const recordOver = cards.getByRole('button', { name: 'Record over it' });
  await recordOver.click();
  await expect(recorder.getByRole('heading', { name: 'Record over Ben’s tail' })).toBeVisible();
  // It cannot be pressed while it is open, and looks it.
  await expect(recordOver).toBeDisabled();
  await expect(recordOver).toHaveCSS('cursor', 'not-allowed');
  await startRecording(page);
  await expect(recorder.getByText(/^What leads to your place could not be loaded/u)).toBeVisible();
  // The first goes on for two seconds after its parent, and the second leaves a tail of its own.
  await speak(page, 4);
  await recorder.getByRole('button', { name: 'Publish' }).click();
  await expect(cards.getByRole('status')).toHaveText([
    'Kept here. Waiting for network',
    'Kept here. It waits for your take above',
  ]);
  await context.setOffline(false);
  const tree = await readTree(
    app.origin,
    seed.storyId,
    ({ takes }) => takes.filter(isPlaced).length === 3,
  );
  const [first, second, third] = tree.takes
    .filter(isPlaced)
    .toSorted((a, b) => a.createdAtMs - b.createdAtMs);
  if (first === undefined || second === undefined || third === undefined)
    throw new Error('a take is missing');
  expect([second.parentId, third.parentId]).toEqual([first.id, second.id]);
  // It lies where the recorder said, over a take that the story did not have then.
  expect(third.startSamples).toBe(endOf(first));
  await expect(cards).toHaveCount(0);
});

test('a take that is being sent is opened again, and is not sent meanwhile', async ({ page }) => {
  await page.goto('/new');
  await startRecording(page);
  await speak(page, 1);
  await recorderOf(page).getByLabel('Title of the story').fill('Opened again');
  await recorderOf(page).getByLabel('Your name').fill('Ana');
  // The store takes the bytes and does not answer.
  await page.route('**/objects/**', () => undefined);
  await recorderOf(page).getByRole('button', { name: 'Publish' }).click();
  const card = page.getByRole('region', { name: 'A take of yours on this device' });
  await expect(card.getByRole('status')).toHaveText(/^Uploading/u);
  await card.getByRole('button', { name: 'Open it again' }).click();
  await expect(recorderOf(page)).toHaveAttribute('data-phase', 'recovered');
  await expect(card).toHaveCount(0);
  await expect(recorderOf(page).getByLabel('Title of the story')).toHaveValue('Opened again');
  await page.unroute('**/objects/**');
  await recorderOf(page).getByRole('button', { name: 'Publish' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Opened again' })).toBeVisible();
});

/** As browsers are that let no worker write files of their own. */
const withoutFiles = (page: Page) =>
  page.addInitScript(() => {
    Object.defineProperty(StorageManager.prototype, 'getDirectory', { value: undefined });
  });

test('a browser without files in place keeps a take in its database', async ({
  device: browser,
}) => {
  const page = await browser.open();
  await withoutFiles(page);
  await page.goto('/new');
  await startRecording(page);
  await untilKept(page, 1);
  await browser.kill();
  const back = await browser.open();
  await withoutFiles(back);
  await back.goto('/new');
  await expect(offer(back)).toBeVisible();
  await back.getByRole('button', { name: 'Use', exact: true }).click();
  await expect(recorderOf(back).getByRole('button', { name: 'Publish' })).toBeVisible();
  await expect(recorderOf(back)).toHaveAttribute('data-phase', 'recovered');
});
