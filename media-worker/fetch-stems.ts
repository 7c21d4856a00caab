// Stems into a job's folder, a few at a time, each only if it is what it was.
import { join } from 'node:path';
import type { ObjectStore } from '#backend/storage/objects.ts';
import { OutputRejected } from './ffmpeg/failures.ts';
import { fetchObject } from './fetch-object.ts';

const AT_ONCE = 4;

/** The file of a stem in a job's folder. */
export function stemFile(sha256: string): string {
  return `${sha256}.flac`;
}

/**
 * Fetches stems, each content once, as {@link stemFile}.
 * @throws {OutputRejected} the store gave other bytes than were put there
 */
export async function fetchStems(
  objects: ObjectStore,
  stems: readonly { readonly objectKey: string; readonly sha256: string }[],
  { folder, signal }: { folder: string; signal: AbortSignal },
): Promise<void> {
  const waiting = [...new Map(stems.map((stem) => [stem.sha256, stem])).values()];
  const fetchInTurn = async (): Promise<void> => {
    for (let stem = waiting.shift(); stem !== undefined; stem = waiting.shift()) {
      const { objectKey, sha256 } = stem;
      const path = join(folder, stemFile(sha256));
      const fetched = await fetchObject(objects, objectKey, { path, signal });
      if (fetched.sha256 !== sha256) throw new OutputRejected(`${objectKey} is not what it was`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, fetchInTurn));
}
