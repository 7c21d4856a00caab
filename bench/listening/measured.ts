// What one round of listening measures, the same for whoever plays.
import { setTimeout as delay } from 'node:timers/promises';
import type { BrowserContext, Page } from 'playwright';
import * as v from 'valibot';

/** What an element gave out before it was paused is heard for less than this. */
const LEAVES_MS = 500;

export interface Switched {
  /** From the choice until the browser holds the new branch where it is needed first. */
  readonly heldMs: number;
  /** From the choice until the new branch is heard. */
  readonly heardMs: number;
  /** How much of that was silent. */
  readonly silentMs: number;
}

/** Does something in the page; resolves to the page's clock at that moment, milliseconds. */
export async function act(page: Page, script: string): Promise<number> {
  return v.parse(v.number(), await page.evaluate(`ear.act(() => { ${script} })`));
}

/** The element of the page that plays. */
export const AUDIO = `document.querySelector('audio')`;

/** Waits until the element has played so far, seconds. */
export async function untilPlayed(page: Page, seconds: number): Promise<void> {
  await page.waitForFunction(`${AUDIO}.currentTime >= ${seconds}`);
}

export async function secondsOf(page: Page): Promise<number> {
  return v.parse(v.number(), await page.evaluate(`${AUDIO}.currentTime`));
}

/** When the first measure of that name ended that began at or after a moment. */
export async function endOfMeasure(page: Page, name: string, fromMs: number): Promise<number> {
  const first = `performance.getEntriesByName('${name}')
    .filter(({ startTime }) => startTime >= ${fromMs})
    .map(({ startTime, duration }) => startTime + duration)[0]`;
  const handle = await page.waitForFunction(first);
  return v.parse(v.number(), await handle.jsonValue());
}

/** Pauses by a script, and goes to the start; all that sounded has left the speakers then. */
export async function toStart(
  page: Page,
  pause: string,
  go: () => Promise<unknown>,
): Promise<void> {
  await page.evaluate(pause);
  await page.waitForFunction(`${AUDIO}.paused`);
  await go();
  await page.waitForFunction(`${AUDIO}.currentTime === 0 && !${AUDIO}.seeking`);
  await delay(LEAVES_MS);
}

/** A page with an ear, in a browser that has nothing of us yet. */
export async function freshPage(context: BrowserContext): Promise<Page> {
  await context.addInitScript({ path: new URL('ear.js', import.meta.url).pathname });
  return context.newPage();
}
