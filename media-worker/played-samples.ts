// For how long a file plays, read from what its own headers promise to players. ffmpeg writes these
// last, from what it really encoded: a file that broke off does not have them, or has them wrong.
import { open, type FileHandle } from 'node:fs/promises';
import { findBox, readBoxes } from '#domain/media/boxes.ts';
import type { MixFormat } from '#domain/media/export-spec.ts';
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';
import { OutputRejected } from './ffmpeg/failures.ts';

/** The largest index of an hour of AAC has 700 kB. */
const MOST_INDEX_BYTES = 16 * 1024 * 1024;
const MP3_FRAME_SAMPLES = 1_152;
/** Of a mono frame of MPEG 1: header and side information. */
const XING_AT = 4 + 17;

/**
 * Samples at 48 kHz that a player gives of a file, without the padding of its encoder.
 * @throws {OutputRejected} the file has no such header
 */
export async function playedSamples(format: MixFormat, path: string): Promise<number> {
  const file = await open(path);
  try {
    switch (format) {
      case 'flac':
        return ofFlac(await head(file, 42));
      case 'm4a':
        return await ofM4a(file);
      case 'mp3':
        return await ofMp3(file);
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new OutputRejected(`${format}: a header breaks off`, { cause: error });
  } finally {
    await file.close();
  }
}

/** STREAMINFO (RFC 9639, 8.2): the number of samples has 36 bits. */
function ofFlac(bytes: Buffer): number {
  if (bytes.toString('latin1', 0, 4) !== 'fLaC') throw new OutputRejected('this is no FLAC');
  return (bytes.readUInt8(21) & 0x0f) * 2 ** 32 + bytes.readUInt32BE(22);
}

/** The edit list (ISO/IEC 14496-12, 8.6.6), in an index that lies before the sound. */
async function ofM4a(file: FileHandle): Promise<number> {
  const moov = await readIndex(file);
  const [mvhd, elst, mdhd] = [
    ['moov', 'mvhd'],
    ['moov', 'trak', 'edts', 'elst'],
    ['moov', 'trak', 'mdia', 'mdhd'],
  ].map((names) => {
    const box = findBox(moov, names);
    if (box === null) throw new OutputRejected(`m4a: ${names.join('/')} is missing`);
    return moov.subarray(box.payload, box.end);
  });
  if (mvhd === undefined || elst === undefined || mdhd === undefined) return 0;
  const timescale = mvhd.readUInt32BE(12);
  const [edits, length, from] = [elst.readUInt32BE(4), elst.readUInt32BE(8), elst.readInt32BE(12)];
  const [rate, encoded] = [mdhd.readUInt32BE(12), mdhd.readUInt32BE(16)];
  const isWhole = edits === 1 && timescale === SAMPLE_RATE && rate === SAMPLE_RATE;
  if (!isWhole || from < 0 || from + length > encoded) {
    throw new OutputRejected(`m4a: ${edits} edits, ${length} from ${from} of ${encoded}`);
  }
  return length;
}

async function readIndex(file: FileHandle): Promise<Buffer> {
  for (let at = 0; ;) {
    const box = await head(file, 8, at);
    const [size, type] = [box.readUInt32BE(0), box.toString('latin1', 4, 8)];
    if (type === 'mdat' || size < 8 || size > MOST_INDEX_BYTES) {
      throw new OutputRejected(`m4a: ${type} of ${size} bytes comes before the index`);
    }
    if (type === 'moov') {
      const moov = await head(file, size, at);
      readBoxes(moov);
      return moov;
    }
    at += size;
  }
}

/** LAME's extension of the Xing header in the first frame: frames, and padding at both ends. */
async function ofMp3(file: FileHandle): Promise<number> {
  const id3 = await head(file, 10);
  const hasTags = id3.toString('latin1', 0, 3) === 'ID3';
  // Four times seven bits (ID3v2.3, 3.1).
  const tags = [6, 7, 8, 9].reduce((size, at) => size * 128 + id3.readUInt8(at), 0);
  const frame = await head(file, XING_AT + 144, hasTags ? 10 + tags : 0);
  const name = frame.toString('latin1', XING_AT, XING_AT + 4);
  const flags = frame.readUInt32BE(XING_AT + 4);
  if ((name !== 'Xing' && name !== 'Info') || (flags & 0x0f) !== 0x0f) {
    throw new OutputRejected(`mp3: no whole Xing header, but ${JSON.stringify(name)}`);
  }
  const frames = frame.readUInt32BE(XING_AT + 8);
  // Behind name, flags, frames, bytes, 100 of table, quality, encoder and its settings.
  const padding = frame.readUIntBE(XING_AT + 141, 3);
  return frames * MP3_FRAME_SAMPLES - (padding >> 12) - (padding & 0xfff);
}

/** So many bytes of the file, or fewer if it ends: readers of numbers throw RangeError then. */
async function head(file: FileHandle, bytes: number, at = 0): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, at);
  return buffer.subarray(0, bytesRead);
}
