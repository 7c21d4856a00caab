// The real collab-server, on a port that it reports.
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createLogger } from '#backend/log.ts';
import { openDatabase } from '#backend/postgres/database.ts';
import { ORIGIN } from '../../collab-server/testing/world.ts';
import { startCollabServer } from '../../collab-server/server.ts';
import { reportOn } from './serve.ts';

const databaseUrl = process.env['DATABASE_URL'] ?? '';
const log = createLogger('bench', 'error');
const handle = openDatabase(databaseUrl, { log });
const { port } = await startCollabServer({
  handle,
  databaseUrl,
  log,
  origin: ORIGIN,
  host: '127.0.0.1',
  port: 0,
  spillFolder: path.join(tmpdir(), 'tap-story-bench-spill', randomUUID()),
});
reportOn(port);
