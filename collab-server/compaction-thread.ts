// The thread that compacts: reads, merges and writes on a connection of its own, so that the
// sockets' event loop has no part in it.
import { parentPort, workerData } from 'node:worker_threads';
import * as v from 'valibot';
import { createLogger } from '#backend/log.ts';
import { compactDocument, isCompactionDue } from '#backend/postgres/compaction.ts';
import { openDatabase } from '#backend/postgres/database.ts';
import { mergeIntoState } from '#backend/postgres/merge-updates.ts';
import { keepVersions } from '#backend/words/versions.ts';

const { databaseUrl, level } = v.parse(
  v.object({ databaseUrl: v.string(), level: v.string() }),
  workerData,
);
const requestSchema = v.object({ document: v.string() });

const compaction = { merge: mergeIntoState, keep: keepVersions };

const port = parentPort;
if (port === null) throw new Error('this is a thread of the collab-server');
const log = createLogger('collab-compaction', level);
const { db } = openDatabase(databaseUrl, { max: 1, log });

port.on('message', (message) => void answer(v.parse(requestSchema, message).document));

async function answer(document: string): Promise<void> {
  try {
    // Another node may have been faster.
    const isDue = await isCompactionDue(db, document);
    const rows = isDue ? await compactDocument(db, document, compaction) : 0;
    if (rows > 0) log.info({ document, rows }, 'compacted');
  } catch (error) {
    log.warn({ err: error, document }, 'not compacted');
  }
  port?.postMessage({ document });
}
