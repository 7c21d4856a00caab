// A kept take as a file for whoever wants to have it elsewhere.
import { audioOfRecording } from '../recorder/take-audio.ts';
import type { KeptTake } from './kept-take.ts';
import { recoveredTake } from './recovered-take.ts';
import type { TakeShelf } from './take-shelf.ts';

/**
 * The take as it would be published, or the file that was chosen; null if nothing is there.
 * @throws {UnreadableTake}
 */
export async function fileOfKept(shelf: TakeShelf, take: KeptTake): Promise<Blob | null> {
  const { sending, origin } = take;
  const sent = sending === null ? null : await shelf.read(origin.takeId, sending.part);
  if (sending !== null && sent !== null) return sent.slice(0, sent.size, sending.contentType);
  const recovered = await recoveredTake(shelf, take);
  if (recovered === null) return null;
  if (recovered.audio.kind === 'file') return recovered.audio.file;
  const { raw, timing } = recovered.audio;
  return (await audioOfRecording(raw, timing)).file;
}

/** Has the browser save a file. */
export function saveFile(file: Blob, name: string): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken it by the next task.
  setTimeout(() => URL.revokeObjectURL(url));
}
