// A path of which a part is not to be had: the player says so, and asks for it no more.
import type { Page } from '@playwright/test';
import * as v from 'valibot';
import { playlistSchema } from '#domain/protocol/playlist.ts';
import { SEGMENT_SAMPLES } from '#domain/timeline/grid.ts';
import type { Codec } from '#domain/timeline/path-packs.ts';
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';
import { expect, test } from '../harness/journey.ts';
import { HttpPerson } from './support/http-person.ts';
import { openStory } from './support/recording.ts';
import { spoken } from './support/sound.ts';

/** A path with the pack of its last take, which is needed from where the seed ends. */
async function plantPack(origin: string, title: string, seedSeconds: number) {
  const mira = await HttpPerson.named(origin, 'Mira');
  const seed = await mira.plantVoice(title, spoken(21, seedSeconds));
  const middle = await mira.branchVoice(seed, spoken(22, seedSeconds + 4));
  const last = await mira.branchVoice(middle, spoken(24, 6));
  await mira.untilMixed(last);
  const lastOf = async (codec: Codec) => {
    const answer = await mira.call('GET', `/api/takes/${last.takeId}/playlist?codec=${codec}`);
    const stretch = v.parse(playlistSchema, answer.json()).stretches.at(-1);
    if (stretch === undefined) throw new Error('nothing is rendered');
    return stretch;
  };
  const packs = await Promise.all([lastOf('aac'), lastOf('opus')]);
  const startSecond = (packs[0].firstSegment * SEGMENT_SAMPLES) / SAMPLE_RATE;
  const paths = new Set(packs.map(({ url }) => new URL(url, origin).pathname));
  const isMissing = ({ pathname }: URL): boolean => paths.has(pathname);
  return { address: `/s/${seed.slug}?take=${last.takeId}`, startSecond, isMissing };
}

const secondOf = (page: Page) => (): Promise<number> =>
  page.locator('audio').evaluate((audio: HTMLAudioElement) => audio.currentTime);

test('a pack that is not there is said once what is held has played, and asked for no more', async ({
  app,
  page,
}) => {
  const { address, startSecond, isMissing } = await plantPack(app.origin, 'A missing pack', 2);
  const player = page.getByRole('region', { name: 'Player' });
  const second = secondOf(page);
  await openStory(page, address);
  let asked = 0;
  await page.route(isMissing, (route) => {
    asked += 1;
    return route.fulfill({ status: 404, body: '' });
  });
  await page.getByLabel('Place on this path').fill('0');
  await page.getByRole('button', { name: 'Play this path' }).click();
  await expect(player.getByText('cannot be found')).toContainText('Your place is kept');
  const stoppedAt = await second();
  expect(stoppedAt).toBeGreaterThan(startSecond - 1);
  expect(stoppedAt).toBeLessThanOrEqual(startSecond);
  // Once under each of five links.
  expect(asked).toBe(5);

  await page.unroute(isMissing);
  await page.getByRole('button', { name: 'Play this path' }).click();
  await expect.poll(second).toBeGreaterThan(startSecond + 0.3);
  await expect(player.getByText('cannot be found')).toBeHidden();
});

test('a pack that is back before the listener comes to it plays, and nothing is said', async ({
  app,
  page,
}) => {
  const { address, startSecond, isMissing } = await plantPack(app.origin, 'A pack that is back', 7);
  const second = secondOf(page);
  await openStory(page, address);
  let asked = 0;
  await page.route(isMissing, (route) => {
    asked += 1;
    return asked > 5 ? route.continue() : route.fulfill({ status: 404, body: '' });
  });
  const place = page.getByLabel('Place on this path');
  await place.fill('0');
  await page.getByRole('button', { name: 'Play this path' }).click();
  await expect.poll(second).toBeGreaterThan(0);
  await page.getByRole('button', { name: 'Pause' }).click();
  await place.fill('0');
  await expect.poll(() => asked).toBe(5);
  await page.getByRole('button', { name: 'Play this path' }).click();
  await expect.poll(second).toBeGreaterThan(startSecond + 0.3);
  await expect(page.getByRole('region', { name: 'Player' })).not.toContainText('cannot be found');
});
