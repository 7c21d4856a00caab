// A collab-server that forgets a document as soon as nobody has it open, so that a fuzzed story is
// loaded again and again, and that lets its people come back as often as they are thrown out.
import path from 'node:path';
import { readConfig } from '#backend/config.ts';
import { runProcess } from '#backend/lifecycle.ts';
import { createLogger } from '#backend/log.ts';
import { openDatabase } from '#backend/postgres/database.ts';
import { defaultLimits } from '../../collab-server/limits.ts';
import { startCollabServer } from '../../collab-server/server.ts';

const WARM_MS = 50;
const opens = { atOnce: 1_000_000, perSecond: 1_000_000 };

const config = readConfig(process.env);
const log = createLogger('fuzz-node', config.LOG_LEVEL);

await runProcess(log, async (onStop) => {
  const databaseUrl = config.DATABASE_URL;
  if (databaseUrl === undefined) throw new Error('DATABASE_URL is not set');
  const handle = openDatabase(databaseUrl, { log });
  onStop(() => handle.close());
  const server = await startCollabServer({
    handle,
    databaseUrl,
    log,
    origin: config.ORIGIN,
    host: config.COLLAB_HOST,
    port: config.COLLAB_PORT,
    spillFolder: path.join(config.DATA_DIR, 'collab-spill'),
    warmMs: WARM_MS,
    limits: {
      perAddress: { ...defaultLimits.perAddress, opens },
      perAccount: { ...defaultLimits.perAccount, opens },
    },
  });
  onStop(() => server.stop());
  log.info({ port: server.port }, 'listening');
});
