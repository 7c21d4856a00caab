// What the audio element gives out, to the sample: splices inside a path, and a switch of branch
// while it plays.
import type { Page } from '@playwright/test';
import * as v from 'valibot';
import type { Published } from '#domain/protocol/commands.ts';
import { playlistSchema, type Playlist } from '#domain/protocol/playlist.ts';
import { segmentStart } from '#domain/timeline/grid.ts';
import type { Codec } from '#domain/timeline/path-packs.ts';
import { expect, test } from '../harness/journey.ts';
import { locate, voice, wavFile } from '../harness/tones.ts';
import { heardSince, resumeTap, tapElement, type Heard } from './support/element-sound.ts';
import { HttpPerson } from './support/http-person.ts';
import { openStory, takeOf } from './support/recording.ts';
import { decode } from './support/sound.ts';

test.use({ bypassCSP: true });

const SECOND = 48_000;
/** How much is compared at a place. */
const WINDOW = 0.3 * SECOND;
/** What the frames of an encoder reach across. */
const EDGE = 0.03 * SECOND;
/** A busy machine may keep the element waiting, which is no fault of the sound: tried again. */
const MOST_TRIES = 4;

/** The path as its packs sound, decoded by FFmpeg, in the codec that this browser is fed. */
async function referenceOf(page: Page, mira: HttpPerson, { takeId }: Published) {
  const codec = await page.evaluate((): Codec =>
    MediaSource.isTypeSupported('audio/mp4; codecs="mp4a.40.2"') ? 'aac' : 'opus',
  );
  const { bytes } = await mira.call('GET', `/api/takes/${takeId}/path?codec=${codec}`);
  return decode(new Uint8Array(bytes), 'mov');
}

async function playlistOf(mira: HttpPerson, { takeId }: Published): Promise<Playlist> {
  const answer = await mira.call('GET', `/api/takes/${takeId}/playlist`);
  return v.parse(playlistSchema, answer.json());
}

/** Where the first sample of a path lies in what was heard. */
function originOf(heard: Float32Array, path: Float32Array): number {
  return locate(path.subarray(SECOND / 4, SECOND), heard).lagSamples - SECOND / 4;
}

/** By how many samples a stretch of the path is heard later than it should be. */
function lateBy(heard: Float32Array, path: Float32Array, place: { from: number; origin: number }) {
  const { from, origin } = place;
  const start = Math.max(0, origin + from - SECOND / 4);
  const around = heard.subarray(start, start + WINDOW + SECOND / 2);
  return start + locate(path.subarray(from, from + WINDOW), around).lagSamples - origin - from;
}

async function untilSecond(page: Page, second: number): Promise<void> {
  await page.waitForFunction(
    (wanted) => (document.querySelector('audio')?.currentTime ?? 0) >= wanted,
    second,
  );
}

const secondsOf = (page: Page): Promise<number> =>
  page.locator('audio').evaluate((audio: HTMLAudioElement) => audio.currentTime);

/** Plays from the start while `act` does what it does, and gives what was heard. */
async function listen(page: Page, act: () => Promise<void>): Promise<Heard> {
  for (let tries = 1; ; tries += 1) {
    await page.getByLabel('Place on this path').fill('0');
    await heardSince(page);
    await page.getByRole('button', { name: 'Play this path' }).click();
    await resumeTap(page);
    await act();
    const heard = await heardSince(page);
    if (heard.waits === 0) return heard;
    expect(tries, 'times that the element had to wait').toBeLessThan(MOST_TRIES);
    const pause = page.getByRole('button', { name: 'Pause' });
    if (await pause.isVisible()) await pause.click();
  }
}

const spoken = (seed: number, samples: number) => wavFile(voice(seed, samples));

test('at every splice of a path the sound goes on without a sample of jump', async ({
  app,
  page,
}) => {
  const mira = await HttpPerson.named(app.origin, 'Mira');
  // Odd lengths, each over the tail of the one before.
  let leaf = await mira.plantVoice('A chain', spoken(41, 130_001));
  for (const [seed, samples] of [
    [42, 211_003],
    [43, 205_113],
    [44, 198_777],
    [45, 190_505],
  ] as const)
    leaf = await mira.branchVoice(leaf, spoken(seed, samples));
  await mira.untilMixed(leaf);
  await openStory(page, `/s/${leaf.slug}`);
  const path = await referenceOf(page, mira, leaf);
  const { stretches } = await playlistOf(mira, leaf);
  const splices = stretches.slice(1).map(({ firstSegment }) => segmentStart(firstSegment));
  expect(splices.length).toBeGreaterThanOrEqual(3);

  await tapElement(page);
  const heard = await listen(page, async () => {
    await expect(page.locator('audio')).toHaveJSProperty('ended', true);
  });
  // Known failure 2: at the end it says so.
  await expect(page.getByRole('button', { name: 'Play this path' })).toBeVisible();
  const origin = originOf(heard.samples, path);
  const late = (from: number) => lateBy(heard.samples, path, { from, origin });
  const jumps = splices.map((at) => [
    late(at - EDGE - WINDOW),
    late(at - WINDOW / 2),
    late(at + EDGE),
  ]);
  expect(jumps).toEqual(splices.map(() => [0, 0, 0]));
  test
    .info()
    .annotations.push({ type: 'splices', description: `${splices.length}, 0 samples off` });
});

/** Mira's seed and tail, which Jo and Lou answer 5.1 s into the story, each at length. */
async function plantFork(origin: string) {
  const [mira, jo, lou] = await Promise.all([
    HttpPerson.named(origin, 'Mira'),
    HttpPerson.named(origin, 'Jo'),
    HttpPerson.named(origin, 'Lou'),
  ]);
  const seed = await mira.plantVoice('A fork', spoken(51, 245_001));
  const tail = await mira.branchVoice(seed, spoken(52, 350_003));
  const jos = await jo.branchVoice(tail, spoken(53, 505_113));
  const lous = await lou.branchVoice(tail, spoken(54, 530_007));
  for (const leaf of [jos, lous]) await mira.untilMixed(leaf);
  return { mira, slug: seed.slug, jos, lous };
}

test('a branch is switched while it plays: no gap, no jump, at the same story time', async ({
  app,
  page,
}) => {
  const { mira, slug, jos, lous } = await plantFork(app.origin);
  await openStory(page, `/s/${slug}?take=${jos.takeId}`);
  const [josPath, lousPath] = await Promise.all(
    [jos, lous].map((leaf) => referenceOf(page, mira, leaf)),
  );
  if (josPath === undefined || lousPath === undefined) throw new Error('no paths');
  await tapElement(page);
  const player = page.getByRole('region', { name: 'Player' });
  const at = { lous: 0, jos: 0 };
  const heard = await listen(page, async () => {
    // Before the branches part, by the key in the player …
    await untilSecond(page, 0.4);
    await player.getByRole('button', { name: 'Pause' }).focus();
    await page.keyboard.press('ArrowDown');
    await expect(page.getByText('To Lou’s ending', { exact: true })).toBeVisible();
    at.lous = await secondsOf(page);
    await expect(page.getByText('Lou’s branch, 2 of 2. It parts at 0:05.')).toBeAttached();
    // … and after it, by the pill.
    await untilSecond(page, 7);
    await player.getByRole('button', { name: /^Go over to Jo’s branch/u }).click();
    await expect(page.getByText('To Jo’s ending', { exact: true })).toBeVisible();
    at.jos = await secondsOf(page);
    await untilSecond(page, at.jos + 2.2);
  });
  expect(at.lous, 'the branches had not parted').toBeLessThan(4.5);
  const { samples } = heard;
  const origin = originOf(samples, josPath);
  const late = (path: Float32Array, second: number) =>
    lateBy(samples, path, { from: Math.round(second * SECOND), origin });
  // What both share, then Lou's, then, a moment after the second switch, Jo's again.
  expect([0.4, 1.2, 2, 2.8, 3.6, 4.4].map((second) => late(lousPath, second))).toEqual([
    0, 0, 0, 0, 0, 0,
  ]);
  expect([5.2, 5.6, 6, 6.4].map((second) => late(lousPath, second))).toEqual([0, 0, 0, 0]);
  expect([1, 1.4, 1.8].map((after) => late(josPath, at.jos + after))).toEqual([0, 0, 0]);

  const heldMs = await page.evaluate(() =>
    performance.getEntriesByName('tap-story:path-held').map(({ duration }) => duration),
  );
  test.info().annotations.push({
    type: 'from choice to held',
    description: heldMs.map((ms) => `${ms.toFixed(0)} ms`).join(', '),
  });
  await expect(takeOf(page, 'Jo')).toHaveAttribute('aria-selected', 'true');
});
