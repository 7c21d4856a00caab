// A path of which a part is not to be had: the player says so, and asks for it no more.
import * as v from 'valibot';
import { playlistSchema } from '#domain/protocol/playlist.ts';
import { SEGMENT_SAMPLES } from '#domain/timeline/grid.ts';
import type { Codec } from '#domain/timeline/path-packs.ts';
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';
import { expect, test } from '../harness/journey.ts';
import { openStory } from './support/recording.ts';
import { spoken } from './support/sound.ts';
import { plantForked } from './support/stories.ts';

test('a pack that is not there is said once what is held has played, and asked for no more', async ({
  app,
  page,
}) => {
  const { slug, mira, jos } = await plantForked(app.origin, 'A missing pack');
  const last = await mira.branchVoice(jos, spoken(24, 6));
  await mira.untilMixed(last);
  const lastOf = async (codec: Codec) => {
    const answer = await mira.call('GET', `/api/takes/${last.takeId}/playlist?codec=${codec}`);
    const stretch = v.parse(playlistSchema, answer.json()).stretches.at(-1);
    if (stretch === undefined) throw new Error('nothing is rendered');
    return stretch;
  };
  const packs = await Promise.all([lastOf('aac'), lastOf('opus')]);
  const startSecond = (packs[0].firstSegment * SEGMENT_SAMPLES) / SAMPLE_RATE;
  const paths = new Set(packs.map(({ url }) => new URL(url, app.origin).pathname));
  const isMissing = ({ pathname }: URL): boolean => paths.has(pathname);
  const player = page.getByRole('region', { name: 'Player' });
  const second = () =>
    page.locator('audio').evaluate((audio: HTMLAudioElement) => audio.currentTime);
  await openStory(page, `/s/${slug}?take=${last.takeId}`);
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
