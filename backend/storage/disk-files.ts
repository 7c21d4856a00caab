// Writing files so that they are either not there or whole, also after a power cut.
import { randomUUID } from 'node:crypto';
import { link, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** True for a Node file-system error of one of these codes. */
export function isFileError(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.some((code) => error.code === code);
}

/**
 * Writes a body to a temporary file, flushes it, and hands its path to `publish`. The temporary
 * file is gone when this returns, however it ends.
 */
export async function withFlushedFile<T>(
  folder: string,
  body: AsyncIterable<Uint8Array>,
  publish: (path: string) => Promise<T>,
): Promise<T> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, randomUUID());
  try {
    const file = await open(path, 'wx');
    try {
      for await (const chunk of body) await file.writeFile(chunk);
      await file.sync();
    } finally {
      await file.close();
    }
    return await publish(path);
  } finally {
    await rm(path, { force: true });
  }
}

/** Names a flushed file `to`, unless something has that name. @returns whether it was free */
export async function publishNew(path: string, to: string): Promise<boolean> {
  await mkdir(dirname(to), { recursive: true });
  try {
    // link(2) refuses an existing name, where rename(2) would replace it: the first writer wins.
    await link(path, to);
  } catch (error) {
    if (isFileError(error, 'EEXIST')) return false;
    throw error;
  }
  await flushFolder(dirname(to));
  return true;
}

/** Names a flushed file `to`, in place of whatever has that name. Its folder must be there. */
export async function publishOver(path: string, to: string): Promise<void> {
  await rename(path, to);
  await flushFolder(dirname(to));
}

/** Makes names in a folder last: a rename is durable only once its folder is flushed. */
async function flushFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
