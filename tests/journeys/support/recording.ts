// What a person does with the recorder and on a story's page, by the names that the page gives.
import { expect, type BrowserContext, type Locator, type Page } from '@playwright/test';
import { HttpPerson } from './http-person.ts';
import { spoken } from './sound.ts';
import { signIn } from './stories.ts';

export const recorderOf = (page: Page): Locator => page.getByRole('region', { name: 'Recorder' });

/** The take of somebody in the map. */
export const takeOf = (page: Page, name: string): Locator =>
  page.getByRole('treeitem', { name: new RegExp(`^${name},`, 'u') });

/** Opens the microphone and presses Record. */
export async function startRecording(page: Page): Promise<void> {
  const recorder = recorderOf(page);
  await recorder.getByRole('button', { name: 'Use microphone' }).click();
  await recorder.getByRole('button', { name: /^Record/u }).click();
}

/** Speaks for at least this long, whole seconds, then stops; the take is in review after it. */
export async function speak(page: Page, seconds: number): Promise<void> {
  const recorder = recorderOf(page);
  const shown = async (): Promise<number> => {
    const [, minutes, rest] =
      /^(\d+):(\d\d)$/u.exec(await recorder.locator('strong').innerText()) ?? [];
    return rest === undefined ? -1 : 60 * Number(minutes) + Number(rest);
  };
  await expect.poll(shown, { intervals: [100] }).toBeGreaterThanOrEqual(seconds);
  await recorder.getByRole('button', { name: /^Stop/u }).click();
  await expect(recorder.getByRole('button', { name: 'Publish' })).toBeVisible();
}

/** Presses Tab until something has the focus, as a person does who cannot point. */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  await expect(target).toBeVisible();
  for (let presses = 0; presses < 40; presses += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  await expect(target).toBeFocused({ timeout: 1 });
}

/** Opens a story's page and waits until its room is open. */
export async function openStory(page: Page, address: string): Promise<void> {
  await page.goto(address);
  await untilLive(page);
}

export async function untilLive(page: Page): Promise<void> {
  await expect(page.getByRole('banner').getByText('Live', { exact: true })).toBeAttached();
}

/** The id of the take that the address names. */
export function takeInAddress(page: Page): string {
  return new URL(page.url()).searchParams.get('take') ?? '';
}

/** Waits until the recorder is in a state, by its name in the table of states. */
export async function inPhase(page: Page, phase: string | RegExp): Promise<void> {
  await expect(recorderOf(page)).toHaveAttribute('data-phase', phase);
}

/** Mira's seed of six seconds, and Ana in front of it. */
export async function beforeTheQuay(origin: string, context: BrowserContext): Promise<Page> {
  const [mira, ana] = await Promise.all([
    HttpPerson.named(origin, 'Mira'),
    HttpPerson.named(origin, 'Ana'),
  ]);
  const seed = await mira.plantVoice('The quay', spoken(31, 6));
  await mira.untilMixed(seed);
  await signIn(context, ana);
  const page = await context.newPage();
  await openStory(page, `/s/${seed.slug}`);
  return page;
}
