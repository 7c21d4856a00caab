// The stems of a path as one zip, written to the store while they are read from it.
import { createHash } from 'node:crypto';
import { makeZip } from 'client-zip';
import type { StemsSpec } from '#domain/media/export-spec.ts';
import type { ObjectStore, PutResult } from '#backend/storage/objects.ts';
import { OutputRejected } from './ffmpeg/failures.ts';

export interface PackOptions {
  readonly signal: AbortSignal;
  /** Share done, 0 to 1. */
  readonly onProgress?: (done: number) => void;
}

/**
 * Packs the stems into an object. Nothing is compressed: FLAC is as small as it gets. No more than
 * a few chunks are in memory, however slow the store is.
 * @throws {OutputRejected} a stem is not what it was; no object is there then
 */
export function packStems(
  objects: ObjectStore,
  spec: StemsSpec,
  { key, ...options }: PackOptions & { key: string },
): Promise<PutResult> {
  const zip = makeZip(entriesOf(objects, spec, options));
  return objects.put(key, zip, { contentType: 'application/zip' });
}

interface Entry {
  readonly name: string;
  readonly lastModified: Date;
  readonly input: string | AsyncIterable<Uint8Array>;
}

/** Each file in turn: the next is opened when the one before is written. */
async function* entriesOf(
  objects: ObjectStore,
  { folder, texts, recordings }: StemsSpec,
  { signal, onProgress }: PackOptions,
): AsyncGenerator<Entry> {
  const total = Math.max(
    1,
    recordings.reduce((sum, { bytes }) => sum + bytes, 0),
  );
  let done = 0;
  for (const { name, text, madeAtMs } of texts) {
    yield { name: `${folder}/${name}`, lastModified: new Date(madeAtMs), input: text };
  }
  for (const stem of recordings) {
    const { body } = await objects.get(stem.objectKey);
    const watched = verified(body, stem, (bytes) => {
      signal.throwIfAborted();
      done += bytes;
      onProgress?.(Math.min(1, done / total));
    });
    const lastModified = new Date(stem.madeAtMs);
    yield { name: `${folder}/${stem.name}`, lastModified, input: watched };
  }
}

/** Passes a stem on, and throws at its end unless it was the one that is meant. */
async function* verified(
  body: AsyncIterable<Uint8Array>,
  stem: { readonly objectKey: string; readonly sha256: string },
  onChunk: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  for await (const chunk of body) {
    onChunk(chunk.byteLength);
    hash.update(chunk);
    yield chunk;
  }
  if (hash.digest('hex') !== stem.sha256) {
    throw new OutputRejected(`${stem.objectKey} is not what it was`);
  }
}
