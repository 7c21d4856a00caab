// Three people, three browsers, one story: planted, followed, answered, mixed, announced.
import type { Page, TestInfo } from '@playwright/test';
import { publishedSchema, type Published } from '#domain/protocol/commands.ts';
import { isPlaced, type PlacedTake } from '#domain/story/take.ts';
import { endOf } from '#domain/timeline/duet.ts';
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';
import * as v from 'valibot';
import { expect, test } from '../harness/journey.ts';
import { locate } from '../harness/tones.ts';
import { HttpPerson } from './support/http-person.ts';
import {
  openStory,
  recorderOf,
  speak,
  startRecording,
  takeInAddress,
  takeOf,
} from './support/recording.ts';
import { decode, inSeconds, microphoneFile, peakOf } from './support/sound.ts';
import { readTree } from './support/tree.ts';

/** One millisecond. */
const TOLERANCE_SAMPLES = SAMPLE_RATE / 1_000;

test('Ana plants, Cleo follows, Ben answers, and all of them hear it', async ({
  app,
  openPerson,
}, info) => {
  const [ana, ben, cleo] = await Promise.all(
    ['ana', 'ben', 'cleo'].map(async (name, index) => {
      const file = await microphoneFile(info.outputPath(`${name}.wav`), index + 1);
      return (await openPerson({ says: file })).newPage();
    }),
  );
  if (ana === undefined || ben === undefined || cleo === undefined) throw new Error('nobody came');

  const seed = await test.step('Ana plants a story', () => plant(ana));
  await test.step('Cleo opens it and follows it', async () => {
    await openStory(cleo, `/s/${seed.slug}`);
    await cleo.getByRole('button', { name: 'Alert me when The ferry grows' }).click();
    await expect(cleo.getByText('You follow The ferry.')).toBeVisible();
    await cleo.keyboard.press('Escape');
  });

  const answer = await test.step('Ben records over the tail, and the others see it grow', () =>
    answerOver(ben, { parent: 'Ana', name: 'Ben', watched: [ana, cleo], seconds: 5, info }));
  await test.step('the mix arrives on every page', async () => {
    for (const page of [ana, ben, cleo]) await expectMixed(page, 'Ben');
  });

  await test.step('Cleo has one alert, and it opens on Ben’s take', async () => {
    await expect(cleo.getByRole('link', { name: 'Inbox, 1 unread alert' })).toBeVisible();
    await cleo.getByRole('link', { name: /^Inbox/u }).click();
    const lines = cleo.getByRole('main').getByRole('listitem');
    await expect(lines).toHaveCount(1);
    await expect(lines).toContainText('Ben answered Ana’s tail');
    await lines.getByRole('link').click();
    await expect(takeOf(cleo, 'Ben')).toHaveAttribute('aria-selected', 'true');
    expect(takeInAddress(cleo)).toBe(answer.takeId);
    await expect(cleo.getByRole('link', { name: 'Inbox', exact: true })).toBeVisible();
  });

  const third = await test.step('Cleo answers Ben, and hears what leads to it', async () => {
    await recordScheduledSound(cleo);
    const published = await answerOver(cleo, {
      parent: 'Ben',
      name: 'Cleo',
      watched: [ana, ben],
      seconds: 4,
      info,
    });
    // Ana's last seconds lead to the punch point; Ben's tail is what Cleo speaks over.
    const heard = await scheduledSound(cleo);
    expect(heard.length).toBe(2);
    for (const { peak } of heard) expect(peak).toBeGreaterThan(0.05);
    return published;
  });
  await expectMixed(ana, 'Cleo');

  await test.step('each voice lies in the path where the tree says', () =>
    expectVoicesInPlace(app.origin, third, info));
  await test.step('everybody has heard of the others’ takes, nobody of their own', async () => {
    await expect(ana.getByRole('link', { name: 'Inbox, 2 unread alerts' })).toBeVisible();
    expect(await alertsOf(ana)).toEqual([third.takeId, answer.takeId]);
    expect(await alertsOf(ben)).toEqual([third.takeId]);
    expect(await alertsOf(cleo)).toEqual([answer.takeId]);
  });
});

async function plant(page: Page): Promise<Published> {
  await page.goto('/');
  await page.getByRole('link', { name: 'Plant a story' }).first().click();
  await startRecording(page);
  await speak(page, 3);
  await page.getByLabel('Title of the story').fill('The ferry');
  await page.getByLabel('Your name').fill('Ana');
  const answer = page.waitForResponse((response) => response.url().endsWith('/api/stories'));
  await recorderOf(page).getByRole('button', { name: 'Publish' }).click();
  const published = v.parse(publishedSchema, await (await answer).json());
  await expect(page.getByRole('heading', { level: 1, name: 'The ferry' })).toBeVisible();
  expect(takeInAddress(page)).toBe(published.takeId);
  await expectMixed(page, 'Ana');
  return published;
}

interface Answering {
  readonly parent: string;
  readonly name: string;
  readonly watched: readonly Page[];
  /** How long they speak. */
  readonly seconds: number;
  readonly info: TestInfo;
}

async function answerOver(
  page: Page,
  { parent, name, watched, seconds, info }: Answering,
): Promise<Published> {
  const [first] = watched;
  if (first === undefined) throw new Error('nobody watches');
  if (!page.url().includes('/s/')) await openStory(page, new URL(first.url()).pathname);
  await takeOf(page, parent).click();
  await page.getByRole('button', { name: /Record over the tail/u }).click();
  await startRecording(page);
  await expect(
    recorderOf(page)
      .getByText(/^Recording in/u)
      .first(),
  ).toBeVisible();
  for (const other of watched) await expect(other.getByText(/ is recording$/u)).toBeVisible();
  await expect(recorderOf(page).getByText('Stop whenever you like', { exact: true })).toBeVisible();
  await speak(page, seconds);
  for (const other of watched) await expect(other.getByText(/ is recording$/u)).toHaveCount(0);

  await page.getByLabel('Your name').fill(name);
  const loaded = await Promise.all(watched.map(timeOrigin));
  const seen = Promise.all(watched.map((other) => appearanceOf(other, name)));
  const answer = page.waitForResponse((response) => response.url().endsWith('/takes'));
  await recorderOf(page).getByRole('button', { name: 'Publish' }).click();
  const response = await answer;
  const answeredAt = response.request().timing().startTime;
  const published = v.parse(publishedSchema, await response.json());
  const delays = (await seen).map((at) => Math.round(at - answeredAt));
  info.annotations.push({
    type: 'publish → visible',
    description: `${name}: ${delays.map((ms) => `${ms} ms`).join(', ')} (from sending the command)`,
  });
  expect(await Promise.all(watched.map(timeOrigin))).toEqual(loaded);
  await expect(takeOf(page, name)).toHaveAttribute('aria-selected', 'true');
  // Whoever was a guest until now is here under the name that they chose.
  await expect(facesOn(first).getByText(name, { exact: true })).toBeVisible();
  return published;
}

const facesOn = (page: Page) => page.getByRole('list', { name: 'Here now' });

/** When the page was loaded: the same number means that it was not loaded again. */
const timeOrigin = (page: Page): Promise<number> => page.evaluate(() => performance.timeOrigin);

/** When somebody's take is first in the map, milliseconds since the epoch. */
function appearanceOf(page: Page, name: string): Promise<number> {
  return page.evaluate(
    (start) =>
      new Promise<number>((resolve) => {
        const look = (): void => {
          if (document.querySelector(`[role=treeitem][aria-label^="${start}"]`) === null) return;
          watch.disconnect();
          resolve(performance.timeOrigin + performance.now());
        };
        const watch = new MutationObserver(look);
        watch.observe(document, { subtree: true, childList: true, attributes: true });
        look();
      }),
    `${name},`,
  );
}

async function expectMixed(page: Page, name: string): Promise<void> {
  const take = takeOf(page, name);
  await expect(take).toBeVisible();
  await expect(take).not.toHaveAccessibleName(/being mixed/u, { timeout: 60_000 });
  // Its waveform is there: the map draws it by reference.
  const id = await take.getAttribute('data-take');
  await expect(page.locator(`#w-${id}`)).toBeAttached();
}

/** Notes what the page sounds through Web Audio from now on. */
async function recordScheduledSound(page: Page): Promise<void> {
  await page.evaluate(() => {
    const heard: { peak: number }[] = [];
    Object.assign(globalThis, { heard });
    // oxlint-disable-next-line typescript/unbound-method -- called with its own `this` below
    const { start } = AudioBufferSourceNode.prototype;
    AudioBufferSourceNode.prototype.start = function (...args) {
      const samples = this.buffer?.getChannelData(0) ?? new Float32Array();
      heard.push({ peak: samples.reduce((peak, one) => Math.max(peak, Math.abs(one)), 0) });
      start.apply(this, args);
    };
  });
}

function scheduledSound(page: Page): Promise<{ peak: number }[]> {
  return page.evaluate(() => (globalThis as unknown as { heard: { peak: number }[] }).heard);
}

async function expectVoicesInPlace(origin: string, leaf: Published, info: TestInfo): Promise<void> {
  const listener = new HttpPerson(origin);
  await listener.untilMixed(leaf);
  const tree = await readTree(origin, leaf.storyId, ({ takes }) =>
    takes.some(({ id, state }) => id === leaf.takeId && state.status === 'ready' && state.mixed),
  );
  const path = tree.takes.filter(isPlaced).toSorted((a, b) => a.createdAtMs - b.createdAtMs);
  expectTimelineRule(path);
  const stems = await Promise.all(
    path.map(async ({ id }) => {
      const { status, bytes } = await listener.call('GET', `/api/takes/${id}/stem`);
      expect(status).toBe(200);
      return decode(bytes, 'flac');
    }),
  );
  for (const codec of ['aac', 'opus']) {
    const { bytes } = await listener.call('GET', `/api/takes/${leaf.takeId}/path?codec=${codec}`);
    const heard = await decode(bytes, 'mov');
    for (const [index, { startSamples, durationSamples }] of path.entries()) {
      const stem = stems[index] ?? new Float32Array();
      expect(stem.length).toBe(durationSamples);
      expect(peakOf(stem)).toBeGreaterThan(0.05);
      const { lagSamples, peakRatio } = locate(stem, heard);
      info.annotations.push({
        type: 'place in the path',
        description: `${codec}, take ${index + 1}: ${lagSamples - startSamples} samples off ${inSeconds(startSamples)}, peak ratio ${peakRatio.toFixed(1)}`,
      });
      expect(Math.abs(lagSamples - startSamples)).toBeLessThanOrEqual(TOLERANCE_SAMPLES);
      expect(peakRatio).toBeGreaterThan(2);
    }
  }
}

/** Start₀ = start₁ = 0, then each voice starts where its grandparent ends and outlasts its parent. */
function expectTimelineRule(path: readonly PlacedTake[]): void {
  const [ana, ben, cleo] = path;
  if (ana === undefined || ben === undefined || cleo === undefined)
    throw new Error('takes missing');
  expect(path.map(({ startSamples }) => startSamples)).toEqual([0, 0, endOf(ana)]);
  expect(endOf(ben)).toBeGreaterThan(endOf(ana));
  expect(endOf(cleo)).toBeGreaterThan(endOf(ben));
}

const inboxSchema = v.object({ lines: v.array(v.object({ takeId: v.string() })) });

/** The takes in somebody's inbox, newest first. */
async function alertsOf(page: Page): Promise<string[]> {
  const answer = await page.request.get('/api/inbox');
  return v.parse(inboxSchema, await answer.json()).lines.map(({ takeId }) => takeId);
}
