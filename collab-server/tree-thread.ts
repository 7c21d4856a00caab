// The thread of the trees: reads, writes and encodes them on connections of its own, so that the
// sockets' event loop has no part in it.
import { parentPort, workerData } from 'node:worker_threads';
import * as v from 'valibot';
import { createLogger } from '#backend/log.ts';
import { openDatabase } from '#backend/postgres/database.ts';
import { TreeKeeper } from './tree-keeper.ts';
import { treeRequestSchema, type TreeReport } from './tree-messages.ts';

/** While one story waits for Postgres, so many others need not. */
const CONNECTIONS = 4;

const { databaseUrl, level } = v.parse(
  v.object({ databaseUrl: v.string(), level: v.string() }),
  workerData,
);

const port = parentPort;
if (port === null) throw new Error('this is a thread of the collab-server');
const log = createLogger('collab-trees', level);
const handle = openDatabase(databaseUrl, { max: CONNECTIONS, log });
const keeper = new TreeKeeper({
  db: handle.db,
  log,
  report: (report) => port.postMessage(report, buffersOf(report)),
});

port.on('message', (message) => {
  const request = v.parse(treeRequestSchema, message);
  if (request.type === 'stop') void stop();
  else keeper.handle(request);
});

port.postMessage({ type: 'ready' } satisfies TreeReport);

async function stop(): Promise<void> {
  await keeper.stop();
  await handle.close();
  port?.close();
}

function buffersOf(report: TreeReport): ArrayBuffer[] {
  return Object.values(report)
    .flat()
    .flatMap((value) =>
      value instanceof Uint8Array && value.buffer instanceof ArrayBuffer ? [value.buffer] : [],
    );
}
