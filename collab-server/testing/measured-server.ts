// A collab-server in a process of its own that says how long its event loop was held:
// `fork('measured-server.ts', [databaseUrl])`. It sends `{ port }`, and for each message after
// that what was measured since the one before it, see measured.ts.
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as v from 'valibot';
import { createLogger } from '#backend/log.ts';
import { openDatabase } from '#backend/postgres/database.ts';
import { startCollabServer } from '../server.ts';
import type { Measured } from './measured.ts';
import { ORIGIN } from './world.ts';

const databaseUrl = v.parse(v.string(), process.argv[2]);
const log = createLogger('measured', process.env['LOG_LEVEL'] ?? 'silent');
const handle = openDatabase(databaseUrl, { log });
const server = await startCollabServer({
  handle,
  databaseUrl,
  log,
  origin: ORIGIN,
  host: '127.0.0.1',
  port: 0,
  spillFolder: path.join(tmpdir(), 'tap-story-test-spill', randomUUID()),
});

let turnCpuMs = 0;
let last = process.threadCpuUsage();
let begun = process.cpuUsage();
const cpuMs = (from: NodeJS.CpuUsage, to: NodeJS.CpuUsage) =>
  (to.user + to.system - from.user - from.system) / 1_000;
// A timer comes once a turn: between two of them is a turn, and what is short of a millisecond.
const tick = () => {
  const now = process.threadCpuUsage();
  turnCpuMs = Math.max(turnCpuMs, cpuMs(last, now));
  last = now;
  setTimeout(tick, 1);
};
tick();

process.on('message', () => {
  const now = process.cpuUsage();
  const measured: Measured = { turnCpuMs, processCpuMs: cpuMs(begun, now) };
  turnCpuMs = 0;
  begun = now;
  process.send?.(measured);
});
process.once('disconnect', () => process.exit(0));
process.send?.({ port: server.port });
