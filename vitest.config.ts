import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            '{domain,drizzle,backend,collab-server,media-worker,scripts,tests}/**/*.test.ts',
          ],
          exclude: ['**/*.{pg,media,soak}.test.ts', '**/node_modules/**'],
          // Some start processes and servers; two busy cores need more than the usual five seconds.
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'pg',
          include: ['{drizzle,backend,collab-server,media-worker,scripts,tests}/**/*.pg.test.ts'],
          globalSetup: ['tests/harness/postgres-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'media',
          include: ['{backend,media-worker,tests}/**/*.media.test.ts'],
          // The embedded ffmpeg on a machine that has much else to do.
          testTimeout: 480_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          // Processes that are killed under load: what else runs would be part of what is tested.
          name: 'soak',
          include: ['{backend,collab-server,media-worker,tests}/**/*.soak.test.ts'],
          globalSetup: ['tests/harness/postgres-setup.ts'],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: 'web/vite.config.ts',
        root: './web',
        test: { name: 'web', include: ['src/**/*.test.ts'], testTimeout: 30_000 },
      },
    ],
  },
});
