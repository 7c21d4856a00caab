// The file that a take is sent as, on the device beside what was captured.
import { sha256Hex } from '../upload/digest.ts';
import type { KeptTake, Sending } from './kept-take.ts';
import { putFile } from './put-file.ts';
import type { TakeShelf } from './take-shelf.ts';

/**
 * Puts the file where it is sent from; one that lies there from an earlier time is gone on with.
 * @throws {NotKept} there is no room for it
 */
export async function fileToSend(
  shelf: TakeShelf,
  { origin: { takeId }, sending: before }: KeptTake,
  file: Blob,
): Promise<Omit<Sending, 'place'>> {
  const sha256 = await sha256Hex(file);
  const { size: bytes, type: contentType } = file;
  if (before?.sha256 === sha256) return { ...before, contentType };
  const chosen = await shelf.read(takeId, 'chosen');
  const isChosen = chosen?.size === bytes && (await sha256Hex(chosen)) === sha256;
  if (!isChosen) await putFile(await shelf.create(takeId, 'sent'), file);
  const part = isChosen ? 'chosen' : 'sent';
  return { queuedAtMs: Date.now(), part, contentType, bytes, sha256, uploadId: null };
}
