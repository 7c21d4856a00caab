// Taking a path home: asked for, waited for, saved under a name, and found again later.
import { readFile } from 'node:fs/promises';
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { samplesToSeconds } from '#domain/timeline/samples.ts';
import { expect, test } from '../harness/journey.ts';
import { locate, voice } from '../harness/tones.ts';
import { openStory } from './support/recording.ts';
import { decode, inSeconds } from './support/sound.ts';
import { plantForked } from './support/stories.ts';

/** Opens the menu and asks for a file, with the keyboard alone. */
async function askFor(page: Page, format: string): Promise<void> {
  await page.getByText('Download this path').focus();
  await page.keyboard.press('Enter');
  const prepare = page.getByRole('button', { name: `Prepare ${format}` });
  await expect(prepare).toBeEnabled();
  await prepare.focus();
  await page.keyboard.press('Enter');
  // The button is gone, and the focus still at its file.
  await expect(prepare).not.toBeAttached();
  await expect(page.getByRole('listitem').filter({ hasText: format }).first()).toBeFocused();
}

async function save(page: Page, format: string): Promise<{ name: string; file: Uint8Array }> {
  const link = page.getByRole('link', { name: `Download ${format}` });
  await expect(link).toBeVisible({ timeout: 90_000 });
  const begins = page.waitForEvent('download');
  await link.click();
  const download = await begins;
  return { name: download.suggestedFilename(), file: await readFile(await download.path()) };
}

test('a path is kept as FLAC, with every voice at its place, and is there again later', async ({
  app,
  page,
}, info) => {
  const { slug, jos } = await plantForked(app.origin, 'A river to keep');
  await openStory(page, `/s/${slug}?take=${jos.takeId}`);
  await askFor(page, 'FLAC');
  const { name, file } = await save(page, 'FLAC');
  expect(name).toBe('A river to keep, to Jo.flac');
  await expect(page.getByText(/^Ready, .* kept until tomorrow/u)).toBeVisible();
  await expect(page.getByRole('status').filter({ hasText: 'FLAC is ready' })).toBeAttached();

  const sound = await decode(file, 'flac');
  expect(samplesToSeconds(sound.length)).toBe(6);
  for (const [seed, seconds] of [
    [21, 2],
    [22, 6],
  ] as const) {
    const { lagSamples, peakRatio } = locate(voice(seed, seconds * 48_000), sound);
    info.annotations.push({ type: `voice ${seed}`, description: inSeconds(lagSamples) });
    expect(lagSamples).toBe(0);
    expect(peakRatio).toBeGreaterThan(2);
  }

  // Away, and back: the menu is open, and the file is there without asking again.
  await page.goto('/');
  await openStory(page, `/s/${slug}?take=${jos.takeId}`);
  await expect(page.getByRole('link', { name: 'Download FLAC' })).toBeVisible();
});

test('the stems of a path are kept on a phone, and axe finds nothing in the menu', async ({
  app,
  page,
}) => {
  const { slug, lous } = await plantForked(app.origin, 'Stems to keep');
  await page.setViewportSize({ width: 390, height: 844 });
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await openStory(page, `/s/${slug}?take=${lous.takeId}`);
  await askFor(page, 'Stems');
  const { name, file } = await save(page, 'Stems');
  expect(name).toBe('Stems to keep, to Lou (stems).zip');
  const text = Buffer.from(file).toString('latin1');
  expect(text).toContain('stems-to-keep-stems/02-lou-0000000000.flac');
  expect(text).toContain('cue-sheet.tsv');
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id }) => id)).toEqual([]);
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(overflow).toBeLessThanOrEqual(0);
});
