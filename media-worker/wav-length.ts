// Whether a WAV holds the samples that its header promises: ffmpeg plays what there is, silently.
import { open, stat } from 'node:fs/promises';
import { MediaRefused } from './ffmpeg/failures.ts';

/** The header's chunks before the samples; longer ones are left to ffmpeg. */
const HEAD_BYTES = 64 * 1024;
/** Writers that cannot go back to fill in the length leave it at one of these, or above. */
const UNKNOWN = 0x7f_ff_f0_00;

/** @throws {MediaRefused} `truncated`, where samples are missing at the end */
export async function refuseBrokenWav(path: string): Promise<void> {
  const { size } = await stat(path);
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    const data = findData(buffer.subarray(0, bytesRead));
    if (data === null || data.bytes >= UNKNOWN || data.start + data.bytes <= size) return;
    throw new MediaRefused('truncated', `${size - data.start} of ${data.bytes} bytes of samples`);
  } finally {
    await file.close();
  }
}

function findData(head: Buffer): { start: number; bytes: number } | null {
  for (let at = 12; at + 8 <= head.length;) {
    const bytes = head.readUInt32LE(at + 4);
    if (head.toString('latin1', at, at + 4) === 'data') return { start: at + 8, bytes };
    at += 8 + bytes + (bytes % 2);
  }
  return null;
}
