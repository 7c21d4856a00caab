// What every journey starts from: the running app, and browsers with a microphone of their own.
import { chromium, test as base, type Browser, type BrowserContext } from '@playwright/test';
import { startApp, type RunningApp } from './app.ts';
import { findChromium, microphone } from './chromium.ts';

export { expect } from '@playwright/test';

/** Opens a browser of its own, as another person would, at the app's address. */
export type OpenPerson = (options?: {
  /** What the person says: a WAV file, 48 kHz; unset gives beeps. */
  readonly says?: string;
  /** Whether pages may use the microphone from the start. */
  readonly isAllowed?: boolean;
}) => Promise<BrowserContext>;

interface PerTest {
  readonly openPerson: OpenPerson;
}
interface PerWorker {
  /** One running app for all journeys of a worker. */
  readonly app: RunningApp;
}

export const test = base.extend<PerTest, PerWorker>({
  app: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the fixtures' names from here
    async ({}, use) => {
      const app = await startApp();
      await use(app);
      await app.stop();
    },
    { scope: 'worker', timeout: 180_000 },
  ],
  baseURL: async ({ app }, use) => use(app.origin),
  openPerson: async ({ app, viewport }, use) => {
    const browsers: Browser[] = [];
    await use(async ({ says, isAllowed = true } = {}) => {
      const { executablePath, env } = await findChromium();
      const browser = await chromium.launch({
        executablePath,
        env,
        args: microphone(says),
      });
      browsers.push(browser);
      const permissions = isAllowed ? ['microphone'] : [];
      return browser.newContext({ baseURL: app.origin, viewport, permissions });
    });
    for (const browser of browsers) await browser.close();
  },
});
