// The collab-server: live documents for browsers, made durable in Postgres.
import path from 'node:path';
import { readConfig } from '#backend/config.ts';
import { runProcess } from '#backend/lifecycle.ts';
import { createLogger } from '#backend/log.ts';
import { openDatabase } from '#backend/postgres/database.ts';
import { startCollabServer } from './server.ts';

/** Longest wait for one statement, milliseconds: what cannot be saved by then is tried again. */
const STATEMENT_TIMEOUT_MS = 10_000;

const config = readConfig(process.env);
const log = createLogger('collab-server', config.LOG_LEVEL);

await runProcess(log, async (onStop) => {
  const databaseUrl = config.DATABASE_URL;
  if (databaseUrl === undefined) throw new Error('DATABASE_URL is not set');
  const handle = openDatabase(databaseUrl, { log, statementTimeoutMs: STATEMENT_TIMEOUT_MS });
  onStop(() => handle.close());
  const server = await startCollabServer({
    handle,
    databaseUrl,
    redisUrl: config.REDIS_URL,
    log,
    origin: config.ORIGIN,
    host: config.COLLAB_HOST,
    port: config.COLLAB_PORT,
    proxies: config.TRUSTED_PROXIES,
    spillFolder: path.join(config.DATA_DIR, 'collab-spill'),
  });
  onStop(() => server.stop());
  log.info({ host: config.COLLAB_HOST, port: server.port }, 'listening');
});
