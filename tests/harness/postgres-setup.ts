// Vitest's global setup for *.pg.test.ts: one real Postgres for the whole run.
import type { TestProject } from 'vitest/node';
import { createLogger } from '#backend/log.ts';
import { startTestPostgres, type TestPostgres } from './postgres.ts';

declare module 'vitest' {
  interface ProvidedContext {
    readonly postgres: TestPostgres;
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const log = createLogger('test-postgres', process.env['LOG_LEVEL'] ?? 'warn');
  const server = await startTestPostgres(log);
  project.provide('postgres', { url: server.url, template: server.template });
  return () => server.stop();
}
