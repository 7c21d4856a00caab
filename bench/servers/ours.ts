// The real collab-server, on a port that it reports. One person at one address is the whole load,
// so how much those may use is lifted; what protects the server from slow readers is not.
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createLogger } from '#backend/log.ts';
import { openDatabase } from '#backend/postgres/database.ts';
import { ORIGIN } from '../../collab-server/testing/world.ts';
import type { Allowance } from '../../collab-server/limits.ts';
import { startCollabServer } from '../../collab-server/server.ts';
import { reportOn } from './serve.ts';

const EVERYTHING = 1e9;
const rate = { atOnce: EVERYTHING, perSecond: EVERYTHING };
const allowance: Allowance = {
  sockets: EVERYTHING,
  opens: rate,
  documents: EVERYTHING,
  messages: rate,
  bytes: rate,
  questions: rate,
};

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
  limits: { perAddress: allowance, perAccount: allowance },
  spillFolder: path.join(tmpdir(), 'tap-story-bench-spill', randomUUID()),
});
reportOn(port);
