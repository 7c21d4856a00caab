// What a file is, by its first bytes: its name and announced type are never believed.
import { open } from 'node:fs/promises';
import { MediaRefused } from './ffmpeg/failures.ts';
import type { InputFormat } from './ffmpeg/command.ts';

/** Bytes that are enough to know every format that we take. */
export const SNIFF_BYTES = 16;

const marks: readonly (readonly [RegExp, InputFormat])[] = [
  [/^(RIFF|RF64).{4}WAVE/su, 'wav'],
  [/^FORM.{4}AIF[FC]/su, 'aiff'],
  [/^fLaC/u, 'flac'],
  [/^OggS/u, 'ogg'],
  [/^.{4}ftyp/su, 'mov'],
  [/^.E\u00DF\u00A3/su, 'matroska'],
  [/^ID3/u, 'mp3'],
];

/**
 * The container of an audio file.
 * @throws {MediaRefused} `empty`, or `not_audio` for everything else: text and playlists too
 */
export function sniff(head: Uint8Array): InputFormat {
  if (head.length === 0) throw new MediaRefused('empty', 'the file has no bytes');
  const text = Buffer.from(head).toString('latin1');
  const known = marks.find(([mark]) => mark.test(text));
  return known === undefined ? sniffFrames(head) : known[1];
}

/** MPEG audio without a header of its own: an ADTS frame has layer 0, an MP3 frame layer 3. */
function sniffFrames([first = 0, second = 0]: Uint8Array): InputFormat {
  const synced = first === 0xff && (second & 0xe0) === 0xe0;
  const layer = (second >> 1) & 3;
  if (synced && layer === 0 && (second & 0x10) !== 0) return 'aac';
  if (synced && layer === 1) return 'mp3';
  throw new MediaRefused('not_audio', 'its first bytes are of no audio format that we take');
}

/** {@link sniff} for a file on disk. */
export async function sniffFile(path: string): Promise<InputFormat> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(SNIFF_BYTES), 0, SNIFF_BYTES, 0);
    return sniff(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}
