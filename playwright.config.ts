import { defineConfig } from '@playwright/test';
import { findChromium, microphone } from './tests/harness/chromium.ts';

const { executablePath, env } = await findChromium();

export default defineConfig({
  testDir: 'tests/journeys',
  testMatch: '**/*.journey.ts',
  outputDir: 'build/test/journeys',
  // Each worker starts the whole product.
  workers: 1,
  forbidOnly: true,
  retries: 0,
  // A busy machine takes its time.
  timeout: 240_000,
  expect: { timeout: 45_000 },
  use: {
    viewport: { width: 1440, height: 900 },
    permissions: ['microphone'],
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath,
      env,
      args: microphone(),
    },
  },
});
