// Brings the schema of DATABASE_URL up to date: what a deployment runs before its processes.
import { readConfig } from '#backend/config.ts';
import { createLogger } from '#backend/log.ts';
import { migrate } from '#backend/postgres/migrate.ts';

const config = readConfig(process.env);
const log = createLogger('migrate', config.LOG_LEVEL);
if (config.DATABASE_URL === undefined) throw new Error('DATABASE_URL is not set');
await migrate(config.DATABASE_URL, log);
log.info('the schema is up to date');
