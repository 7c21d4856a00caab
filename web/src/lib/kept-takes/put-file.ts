import type { Growing } from './byte-store.ts';

/** As much as is held in memory at once. */
const PIECE_BYTES = 1024 * 1024;

/** Writes a whole file, and closes it. @throws {NotKept} */
export async function putFile(to: Growing, file: Blob): Promise<void> {
  try {
    for (let at = 0; at < file.size; at += PIECE_BYTES)
      await to.append(new Uint8Array(await file.slice(at, at + PIECE_BYTES).arrayBuffer()));
  } finally {
    await to.close();
  }
}
