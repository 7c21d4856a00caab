// The collab-server as bench/propagation.bench.ts measures it: the real one, on a port that it reports.
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createLogger } from '#backend/log.ts';
import { openDatabase } from '#backend/postgres/database.ts';
import { startCollabServer } from '../collab-server/server.ts';

const databaseUrl = process.env['DATABASE_URL'] ?? '';
const log = createLogger('bench', 'error');
const handle = openDatabase(databaseUrl, { log });
const { port } = await startCollabServer({
  handle,
  databaseUrl,
  log,
  origin: 'http://127.0.0.1:3000',
  host: '127.0.0.1',
  port: 0,
  spillFolder: path.join(tmpdir(), 'tap-story-bench-spill'),
});
process.send?.({ port });
process.once('disconnect', () => process.exit(0));
