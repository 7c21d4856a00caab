// Objects into a job's folder, hashed on the way.
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { ObjectStore } from '#backend/storage/objects.ts';

export interface Fetched {
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

/**
 * Streams an object into a file; no more of it is held in memory than a chunk.
 * @throws {ObjectMissing}
 */
export async function fetchObject(
  objects: ObjectStore,
  key: string,
  { path, signal }: { path: string; signal: AbortSignal },
): Promise<Fetched> {
  const { body } = await objects.get(key);
  const hash = createHash('sha256');
  let bytes = 0;
  await pipeline(
    body,
    async function* measure(chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        bytes += chunk.length;
        yield chunk;
      }
    },
    createWriteStream(path),
    { signal },
  );
  return { bytes, sha256: hash.digest('hex') };
}
