// The job path.export: a path becomes one file in the store, for a day.
import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { exportPrefix, exportToMake, noteExport, saveExport } from '#backend/media/export-work.ts';
import type { PutResult } from '#backend/storage/objects.ts';
import type { ExportSpec, MixFormat } from '#domain/media/export-spec.ts';
import { mixPath } from './export-mix.ts';
import { packStems } from './export-stems.ts';
import { withJobFolder } from './job-folder.ts';
import type { Worker } from './worker.ts';

const contentTypes: Record<MixFormat, string> = {
  flac: 'audio/flac',
  m4a: 'audio/mp4',
  mp3: 'audio/mpeg',
};
/** Mixing is nearly all of the work; storing the file is the rest. */
const MIXING_SHARE = 0.95;
const NOTE_EVERY_MS = 500;
/** Read at once: a path has a hundred megabytes, and smaller pieces cost more CPU. */
const READ_BYTES = 256 * 1024;

/**
 * Makes an export. Run again, at once or later, there is still one; what is settled is left alone.
 * Rejects with whatever may be over at the next attempt.
 */
export async function exportPath(
  worker: Worker,
  exportId: string,
  signal: AbortSignal,
): Promise<void> {
  const spec = await exportToMake(worker.db, exportId);
  if (spec === null) return;
  const extension = spec.format === 'stems' ? 'zip' : spec.format;
  // Named by the attempt: another one, perhaps by another ffmpeg, never meets other bytes.
  const objectKey = `${exportPrefix(exportId)}${randomUUID()}.${extension}`;
  const onProgress = noter(worker, exportId);
  const { bytes } = await make(worker, spec, { objectKey, signal, onProgress });
  const isKept = await saveExport(worker, exportId, { objectKey, bytes });
  if (!isKept) await worker.objects.delete(objectKey);
}

interface Making {
  readonly objectKey: string;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number) => void;
}

async function make(
  worker: Worker,
  spec: ExportSpec,
  { objectKey: key, signal, onProgress }: Making,
): Promise<PutResult> {
  if (spec.format === 'stems') {
    return packStems(worker.objects, spec, { key, signal, onProgress });
  }
  return withJobFolder(async (folder) => {
    const name = await mixPath(worker, spec, {
      folder,
      signal,
      onProgress: (done) => onProgress(done * MIXING_SHARE),
    });
    const file = createReadStream(join(folder, name), { signal, highWaterMark: READ_BYTES });
    return worker.objects.put(key, file, { contentType: contentTypes[spec.format] });
  });
}

/**
 * Writes progress down at most twice a second. It is a courtesy: what cannot be written is only
 * logged.
 */
function noter(
  { db, log }: Pick<Worker, 'db' | 'log'>,
  exportId: string,
  now: () => number = () => performance.now(),
): (done: number) => void {
  let nextAt = now() + NOTE_EVERY_MS;
  let writing = false;
  return (done) => {
    if (writing || now() < nextAt) return;
    nextAt = now() + NOTE_EVERY_MS;
    writing = true;
    noteExport(db, exportId, done)
      .catch((error: unknown) => log.warn({ err: error, exportId }, 'progress was not written'))
      .finally(() => {
        writing = false;
      });
  };
}
