// Writing files so that they are either not there or whole, also after a power cut.
import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Folders that other users of the machine cannot look into: recordings are people's own. */
const OURS_ALONE = 0o700;

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
  await mkdir(folder, { recursive: true, mode: OURS_ALONE });
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
  await makeFolder(dirname(to));
  try {
    // link(2) refuses an existing name, where rename(2) would replace it: the first writer wins.
    await link(path, to);
  } catch (error) {
    if (!isFileError(error, 'EEXIST')) throw error;
    // Whoever was first may not have come to flushing yet, and our caller relies on the name too.
    await flushFolder(dirname(to));
    return false;
  }
  await flushFolder(dirname(to));
  return true;
}

/** Names a flushed file `to`, in place of whatever has that name. Its folder must be there. */
export async function publishOver(path: string, to: string): Promise<void> {
  await rename(path, to);
  await flushFolder(dirname(to));
}

/** Makes a folder and those above it that are missing; what was made lasts. */
export async function makeFolder(path: string): Promise<void> {
  const topmost = await mkdir(path, { recursive: true, mode: OURS_ALONE });
  if (topmost === undefined) return;
  // Each new folder is a name in the one above.
  for (let made = path; ; made = dirname(made)) {
    await flushFolder(dirname(made));
    if (made === topmost) return;
  }
}

/**
 * Removes what lies in a folder and has not changed for so long, milliseconds, if it `isMeant`.
 * @returns how many there were
 */
export async function removeUntouched(
  folder: string,
  forMs: number,
  isMeant: (path: string) => Promise<boolean> = async () => true,
): Promise<number> {
  let removed = 0;
  const names = await readdir(folder).catch(unlessMissing([]));
  for (const name of names) {
    const path = join(folder, name);
    // Gone between two looks: another process tidies up as well.
    const changedMs = (await stat(path).catch(unlessMissing(null)))?.mtimeMs;
    if (changedMs === undefined || Date.now() - changedMs < forMs) continue;
    if (!(await isMeant(path))) continue;
    await rm(path, { recursive: true, force: true });
    removed += 1;
  }
  return removed;
}

/** What to give in place of an error that says that there is no such file; others are thrown. */
export function unlessMissing<T>(otherwise: T): (error: unknown) => T {
  return (error) => {
    if (isFileError(error, 'ENOENT')) return otherwise;
    throw error;
  };
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
