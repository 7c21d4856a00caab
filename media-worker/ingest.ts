// The job take.ingest: an upload becomes a stem, and its take becomes ready or fails for a reason.
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { saveStem } from '#backend/media/stems.ts';
import { failTake, takeToIngest, type TakeToIngest } from '#backend/media/takes.ts';
import { peaksAtRates } from '#domain/media/peaks.ts';
import type { TakeId } from '#domain/story/ids.ts';
import { MediaRefused } from './ffmpeg/failures.ts';
import { fetchObject } from './fetch-object.ts';
import { withJobFolder } from './job-folder.ts';
import { progressReporter } from './progress.ts';
import { makeStem } from './stem.ts';
import type { Worker } from './worker.ts';

const UPLOAD = 'upload';

/**
 * Ingests a take. Run again, at once or later, it ends in the same state; a take that is settled
 * is left alone. Rejects with whatever may be over at the next attempt.
 */
export async function ingestTake(
  worker: Worker,
  takeId: TakeId,
  signal: AbortSignal,
): Promise<void> {
  const take = await takeToIngest(worker.db, takeId);
  if (take === null) return;
  try {
    await withJobFolder((folder) => ingest(worker, take, { folder, signal }));
  } catch (error) {
    if (!(error instanceof MediaRefused)) throw error;
    worker.log.info({ takeId, reason: error.reason, detail: error.message }, 'refused an upload');
    await failTake(worker.db, takeId, error.reason);
  }
}

async function ingest(
  worker: Worker,
  { takeId, storyId, upload }: TakeToIngest,
  { folder, signal }: { folder: string; signal: AbortSignal },
): Promise<void> {
  const path = join(folder, UPLOAD);
  const fetched = await fetchObject(worker.objects, upload.objectKey, { path, signal });
  if (fetched.sha256 !== upload.sha256 || fetched.bytes !== upload.bytes) {
    throw new MediaRefused('checksum_mismatch', `${fetched.bytes} of ${upload.bytes} bytes`);
  }
  const onProgress = progressReporter(worker, { storyId, takeId, stage: 'ingest' });
  const stem = await makeStem(worker.tool, UPLOAD, { folder, signal, onProgress });
  // Named by its content too: another attempt, perhaps by another ffmpeg, never meets other bytes.
  const objectKey = `stems/${takeId}/${stem.md5}.flac`;
  const stored = await worker.objects.put(objectKey, createReadStream(join(folder, stem.name)), {
    contentType: 'audio/flac',
  });
  const { durationSamples, loudnessLufs, gainDb } = stem;
  const peaks = peaksAtRates(stem.peaks);
  const outcome = await saveStem(worker, takeId, {
    objectKey,
    ...stored,
    durationSamples,
    loudnessLufs,
    gainDb,
    peaks: peaks[100],
    peaks10: peaks[10],
    peaks1: peaks[1],
    silences: [...stem.silences],
  });
  if (outcome.kind === 'refused') {
    throw new MediaRefused(outcome.reason, `${durationSamples} samples do not fit its place`);
  }
}
