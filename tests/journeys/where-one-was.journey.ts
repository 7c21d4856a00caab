// Listening at one's own pace: how fast, from take to take, and on where one was, on any device.
import type { Page } from '@playwright/test';
import * as v from 'valibot';
import { expect, test } from '../harness/journey.ts';
import { openStory } from './support/recording.ts';
import { HttpPerson } from './support/http-person.ts';
import { spoken } from './support/sound.ts';
import { plantForked } from './support/stories.ts';

const keptSchema = v.object({ positionSamples: v.number() });

const soundOf = (page: Page) =>
  page.locator('audio').evaluate((audio: HTMLAudioElement) => ({
    speed: audio.playbackRate,
    pitch: audio.preservesPitch,
    seconds: audio.currentTime,
    paused: audio.paused,
  }));
const place = (page: Page) => page.getByRole('slider', { name: 'Place on this path' });

test('one goes on where one was, on another device, and the speed is kept', async ({
  app,
  page,
  openPerson,
}) => {
  // Long enough that nobody gets to its end meanwhile.
  const mira = await HttpPerson.named(app.origin, 'Mira');
  const seed = await mira.plantVoice('Where one was', spoken(41, 90));
  await mira.untilMixed(seed);
  const { slug } = seed;
  await openStory(page, `/s/${slug}`);
  // An account is what two devices share.
  await page.request.post(`${app.origin}/api/session`, {
    data: { name: 'Ida' },
    headers: { origin: app.origin },
  });
  await page.reload();
  await openStory(page, `/s/${slug}`);
  await page.keyboard.press('BracketRight');
  await page.keyboard.press('BracketRight');
  const menu = page.getByText('1.5×', { exact: true });
  await expect(menu.first()).toBeVisible();
  await page.getByRole('button', { name: 'Play this path' }).click();
  await expect.poll(async () => (await soundOf(page)).seconds).toBeGreaterThan(0.3);
  expect(await soundOf(page)).toMatchObject({ speed: 1.5, pitch: true, paused: false });
  await page.keyboard.press('Shift+ArrowRight');
  await expect.poll(async () => Number(await place(page).inputValue())).toBeGreaterThan(240_000);
  const sent = page.waitForResponse(
    (response) => response.url().endsWith('/position') && response.request().method() === 'PUT',
  );
  await page.getByRole('button', { name: 'Pause' }).click();
  expect((await sent).status()).toBe(204);

  const phone = await openPerson();
  await phone.addCookies(await page.context().cookies());
  const there = await phone.newPage();
  await openStory(there, `/s/${slug}`);
  const goOn = there.getByRole('button', { name: /^Continue at \d:\d\d$/u });
  await goOn.click();
  await expect.poll(async () => (await soundOf(there)).paused).toBe(false);
  await expect.poll(async () => Number(await place(there).inputValue())).toBeGreaterThan(240_000);
  await expect(goOn).toBeHidden();
});

test('the place is kept when one begins to answer, in the middle of listening', async ({
  app,
  page,
}) => {
  const mira = await HttpPerson.named(app.origin, 'Mira');
  const seed = await mira.plantVoice('In the middle', spoken(42, 30));
  await mira.untilMixed(seed);
  await openStory(page, `/s/${seed.slug}`);
  await page.getByRole('button', { name: 'Play this path' }).click();
  await expect.poll(async () => (await soundOf(page)).seconds).toBeGreaterThan(1);
  await page.keyboard.press('r');
  await expect(page.getByRole('region', { name: 'Record a take' })).toBeVisible();
  await expect.poll(async () => (await soundOf(page)).paused).toBe(true);
  const { seconds } = await soundOf(page);
  const kept = () =>
    page.evaluate(
      () => Object.entries(localStorage).find(([key]) => key.startsWith('tap-place:'))?.[1],
    );
  await expect
    .poll(async () => v.parse(keptSchema, JSON.parse((await kept()) ?? '')).positionSamples)
    .toBe(Math.round(seconds * 48_000));
});

test('the front page goes on where a listener was, and only while there is something to hear', async ({
  app,
  page,
}) => {
  const mira = await HttpPerson.named(app.origin, 'Mira');
  const seed = await mira.plantVoice('To be continued', spoken(43, 90));
  await mira.untilMixed(seed);
  await openStory(page, `/s/${seed.slug}`);
  await page.getByRole('button', { name: 'Play this path' }).click();
  await expect.poll(async () => (await soundOf(page)).seconds).toBeGreaterThan(0.3);
  await page.keyboard.press('Shift+ArrowRight');
  await expect.poll(async () => Number(await place(page).inputValue())).toBeGreaterThan(240_000);
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByRole('link', { name: 'Tap Story, all stories' }).click();

  // Nobody has a name yet: this device alone knows.
  const card = page.getByRole('region', { name: 'Continue' });
  const goOn = card.getByRole('link', {
    name: /^Continue To be continued Mira’s take · 1:\d\d left$/u,
  });
  await goOn.click();
  await expect.poll(async () => (await soundOf(page)).paused).toBe(false);
  await expect.poll(async () => Number(await place(page).inputValue())).toBeGreaterThan(240_000);
  expect(new URL(page.url()).searchParams.has('continue')).toBe(false);

  // With an account the page has it before any script runs.
  await page.request.post(`${app.origin}/api/session`, {
    data: { name: 'Ida' },
    headers: { origin: app.origin },
  });
  await page.reload();
  await openStory(page, `/s/${seed.slug}`);
  const sent = page.waitForResponse(
    (response) => response.url().endsWith('/position') && response.request().method() === 'PUT',
  );
  const continued = page.getByRole('button', { name: /^Continue at/u });
  await continued.click();
  // It is offered until something is heard, and only what was heard is kept.
  await expect(continued).toBeHidden();
  await page.getByRole('button', { name: 'Pause' }).click();
  expect((await sent).status()).toBe(204);
  const html = await (await page.request.get(app.origin)).text();
  expect(html).toContain('To be continued');
  expect(html).toContain('Continue');

  const { status } = await mira.call('PUT', `/api/stories/${seed.storyId}/deleted`);
  expect(status).toBe(204);
  await page.goto('/');
  await expect(page.getByRole('heading', { name: 'Stories that grow by voice' })).toBeVisible();
  await expect(card).toBeHidden();
});

test('a link leads to the second that was heard, and the menu from take to take', async ({
  app,
  page,
}) => {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  const { slug, jos } = await plantForked(app.origin, 'To the second');
  await openStory(page, `/s/${slug}?take=${jos.takeId}&t=1`);
  const begun = Number(await place(page).inputValue());
  await page.getByLabel('How to listen, 1 times as fast').click();
  await page.getByRole('button', { name: 'Previous take' }).click();
  await expect.poll(async () => Number(await place(page).inputValue())).toBeLessThan(begun);
  await page.getByRole('button', { name: 'Copy link to this second' }).click();
  await expect(page.getByRole('button', { name: 'Link copied' })).toBeVisible();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  expect(new URL(link).searchParams.get('t')).toMatch(/^\d+$/u);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('button', { name: 'Copy link to this second' })).toBeHidden();
});
