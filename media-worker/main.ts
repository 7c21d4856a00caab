// The media-worker: takes into stems, stems into packs, notifications to people's devices.
import { readConfig } from '#backend/config.ts';
import { runProcess } from '#backend/lifecycle.ts';
import { createLogger } from '#backend/log.ts';
import { failExport, sweepExport } from '#backend/media/export-work.ts';
import { sweepStore } from '#backend/media/sweep.ts';
import { ingestLater } from '#backend/media/takes.ts';
import { openPushChannels } from '#backend/notifications/channels.ts';
import { deliverAlert } from '#backend/notifications/deliver.ts';
import { openDatabase } from '#backend/postgres/database.ts';
import { openQueue } from '#backend/queue/queue.ts';
import { openObjectStore } from '#backend/storage/open.ts';
import { exportPath } from './export-path.ts';
import { findFfmpeg } from './ffmpeg/find.ts';
import { boundsFor, warnOfMissing } from './ffmpeg/limits.ts';
import { serveHealth } from './health.ts';
import { ingestTake } from './ingest.ts';
import { removeStaleJobFolders } from './job-folder.ts';
import { renderTake } from './render.ts';
import { sweepDaily } from './sweep-daily.ts';
import type { Worker } from './worker.ts';

const config = readConfig(process.env);
const log = createLogger('media-worker', config.LOG_LEVEL);

await runProcess(log, async (onStop) => {
  const url = config.DATABASE_URL;
  if (url === undefined) throw new Error('DATABASE_URL is not set');
  const ffmpeg = await findFfmpeg({ FFMPEG_PATH: config.FFMPEG_PATH });
  const tool = { ffmpeg, ...(await boundsFor(ffmpeg)) };
  const { kind, version, why } = ffmpeg;
  log.info({ kind, version, why, reach: tool.reach }, 'found ffmpeg');
  warnOfMissing(tool, log);
  await removeStaleJobFolders();
  const handle = openDatabase(url, { log });
  onStop(() => handle.close());
  const { db } = handle;
  const objects = await openObjectStore(config);
  const queue = await openQueue(url, { log });
  onStop(() => queue.stop());
  const worker: Worker = { db, databaseUrl: url, objects, queue, log, tool };
  const perPerson = config.WORKER_CONCURRENCY;
  // One more than one person can fill: whoever comes next waits for nobody's batch.
  const concurrency = perPerson + 1;
  await queue.work(
    'take.ingest',
    { concurrency, perPerson, onDead: (job) => ingestLater(worker, job) },
    ({ takeId }, { signal }) => ingestTake(worker, takeId, signal),
  );
  await queue.work('mix.renew', { concurrency: 1 }, ({ takeId }, { signal }) =>
    renderTake(worker, takeId, signal),
  );
  await queue.work('take.render', { concurrency, perPerson }, ({ takeId }, { signal }) =>
    renderTake(worker, takeId, signal),
  );
  await queue.work(
    'path.export',
    // One at a time: a take that somebody has just sent does not wait for whole paths.
    { concurrency: 1, onDead: ({ exportId }) => failExport(worker, exportId) },
    ({ exportId }, { signal }) => exportPath(worker, exportId, signal),
  );
  await queue.work('export.sweep', { concurrency: 1 }, ({ exportId }) =>
    sweepExport(worker, exportId),
  );
  await queue.work('store.sweep', { concurrency: 1 }, async (_, { signal }) => {
    await sweepStore(worker, { signal, mode: config.STORE_SWEEP });
  });
  const sweeping = await sweepDaily(worker);
  onStop(() => sweeping.stop());
  const channels = openPushChannels(config);
  await queue.work('alert.deliver', { concurrency }, ({ notificationId }, { signal }) =>
    deliverAlert({ db, channels, log }, notificationId, signal),
  );
  const health = await serveHealth(db, { host: config.HOST, port: config.WORKER_PORT });
  onStop(() => health.close());
  log.info({ port: health.port }, 'listening');
});
