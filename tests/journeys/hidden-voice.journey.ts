// A take that is hidden while somebody listens: its voice is gone, and the path goes on.
import * as v from 'valibot';
import { playlistSchema, type Playlist } from '#domain/protocol/playlist.ts';
import { expect, test } from '../harness/journey.ts';
import { locate, voice, wavFile } from '../harness/tones.ts';
import { heardSince, resumeTap, tapElement } from './support/element-sound.ts';
import { HttpPerson } from './support/http-person.ts';
import { openStory } from './support/recording.ts';

test.use({ bypassCSP: true });

const SECOND = 48_000;

const packsOf = (playlist?: Playlist): string[] =>
  playlist?.stretches.map(({ sha256 }) => sha256) ?? [];

test('a path that plays goes on through a take that was hidden, without its voice', async ({
  app,
  page,
}) => {
  const [mira, jo, sam] = await Promise.all(
    ['Mira', 'Jo', 'Sam'].map((name) => HttpPerson.named(app.origin, name)),
  );
  if (mira === undefined || jo === undefined || sam === undefined) throw new Error('nobody');
  // Jo speaks from the start on, Sam from where the seed ends.
  const [josVoice, samsVoice] = [voice(82, 40 * SECOND), voice(83, 60 * SECOND)];
  const seed = await mira.plantVoice('A hidden voice', wavFile(voice(81, 2 * SECOND)));
  const jos = await jo.branchVoice(seed, wavFile(josVoice));
  const sams = await sam.branchVoice(jos, wavFile(samsVoice));
  await mira.untilMixed(sams);

  const playlists: Playlist[] = [];
  page.on('response', (response) => {
    if (!response.url().includes(`${sams.takeId}/playlist`)) return;
    void response.json().then((body) => playlists.push(v.parse(playlistSchema, body)));
  });
  await openStory(page, `/s/${seed.slug}?take=${sams.takeId}`);
  await tapElement(page);
  await page.getByLabel('Place on this path').fill('0');
  await page.getByRole('button', { name: 'Play this path' }).click();
  await resumeTap(page);
  const second = () =>
    page.locator('audio').evaluate((audio: HTMLAudioElement) => audio.currentTime);
  await expect.poll(second).toBeGreaterThan(1);
  expect(playlists).toHaveLength(1);

  const answer = await mira.call('PUT', `/api/takes/${jos.takeId}/hidden`, { body: {} });
  expect(answer.status).toBe(204);
  await expect(page.getByRole('treeitem', { name: /^Jo, .*hidden/u })).toBeVisible();
  // The mix without that voice is asked for as soon as it is there; the path waits for it here, so
  // that a slow machine does not come to its end before.
  await page.getByRole('button', { name: 'Pause' }).click();
  await expect
    .poll(() => playlists.at(-1)?.complete === true && playlists.length > 1, { timeout: 150_000 })
    .toBe(true);
  const [before, after] = [packsOf(playlists[0]), packsOf(playlists.at(-1))];
  expect(after).toHaveLength(before.length);
  expect(after.filter((pack) => before.includes(pack))).toEqual([]);

  await page.getByRole('button', { name: 'Play this path' }).click();
  // What is held of the path before may sound for half a second.
  const from = Math.ceil(await second()) + 1;
  await expect.poll(second).toBeGreaterThan(from + 2.2);
  const { samples } = await heardSince(page);
  const hears = (sound: Float32Array, startSecond: number) =>
    locate(
      sound.subarray((from - startSecond) * SECOND, (from + 2 - startSecond) * SECOND),
      samples,
    ).peakRatio > 2;
  expect({ jo: hears(josVoice, 0), sam: hears(samsVoice, 2) }).toEqual({ jo: false, sam: true });
  await expect(page.getByRole('button', { name: 'Pause' })).toBeVisible();
});

test('where the browser takes only one file, the voice is left out of it, and the place is kept', async ({
  app,
  page,
}) => {
  const [mira, jo, sam] = await Promise.all(
    ['Mira', 'Jo', 'Sam'].map((name) => HttpPerson.named(app.origin, name)),
  );
  if (mira === undefined || jo === undefined || sam === undefined) throw new Error('nobody');
  const [josVoice, samsVoice] = [voice(85, 10 * SECOND), voice(86, 12 * SECOND)];
  const seed = await mira.plantVoice('One file', wavFile(voice(84, 2 * SECOND)));
  const jos = await jo.branchVoice(seed, wavFile(josVoice));
  const sams = await sam.branchVoice(jos, wavFile(samsVoice));
  await mira.untilMixed(sams);

  await page.addInitScript(() => {
    Reflect.deleteProperty(globalThis, 'MediaSource');
    Reflect.deleteProperty(globalThis, 'ManagedMediaSource');
  });
  await openStory(page, `/s/${seed.slug}?take=${sams.takeId}`);
  await tapElement(page);
  await page.getByLabel('Place on this path').fill('0');
  await page.getByRole('button', { name: 'Play this path' }).click();
  await resumeTap(page);
  const audio = page.locator('audio');
  const second = () => audio.evaluate((element: HTMLAudioElement) => element.currentTime);
  const source = () => audio.evaluate((element: HTMLAudioElement) => element.src);
  await expect.poll(second).toBeGreaterThan(1);
  const from = Math.floor(await second());

  await mira.call('PUT', `/api/takes/${jos.takeId}/hidden`, { body: {} });
  // Jo is the second of three takes; of hers and of Sam's there is a second mix in the end.
  await expect.poll(source).toMatch(/state=.*%2F1$/u);
  await expect.poll(source, { timeout: 150_000 }).toMatch(/%2F5%2F1$/u);
  await heardSince(page);
  await page.getByRole('button', { name: 'Play this path' }).click();
  await expect.poll(second).toBeGreaterThan(from + 5);
  const { samples } = await heardSince(page);
  const hears = (sound: Float32Array, startSecond: number) =>
    locate(
      sound.subarray((from + 2 - startSecond) * SECOND, (from + 4 - startSecond) * SECOND),
      samples,
    ).peakRatio > 2;
  expect({ jo: hears(josVoice, 0), sam: hears(samsVoice, 2) }).toEqual({ jo: false, sam: true });
});
