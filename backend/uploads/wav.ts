// The exact length of a plain WAV, read from its header alone.
import type { ObjectStore } from '../storage/objects.ts';

const SAMPLE_RATE = 48_000;
const PCM = 1;
const IEEE_FLOAT = 3;
const EXTENSIBLE = 0xfffe;
/** How far into the file we look for the data, and how many chunks we step over. */
const MOST_CHUNKS = 64;
const CHUNK_HEAD_BYTES = 8;
const LONGEST_FORMAT_BYTES = 40;

/**
 * Samples per channel of a stored 48 kHz PCM WAV (16, 24 or 32 bit, or 32-bit float; one or two
 * channels), or null for everything else: another format, a header that contradicts itself, or
 * data that the object does not hold whole. Reads a few dozen bytes.
 */
export async function readWavSamples(objects: ObjectStore, key: string): Promise<number | null> {
  const object = await objects.head(key);
  if (object === null || object.bytes < 12) return null;
  const view = await viewOf(objects, key, { at: 0, bytes: 12 });
  if (textAt(view, 0) !== 'RIFF' || textAt(view, 8) !== 'WAVE') return null;
  return walkChunks(objects, key, object.bytes);
}

async function walkChunks(
  objects: ObjectStore,
  key: string,
  fileBytes: number,
): Promise<number | null> {
  let bytesPerFrame: number | null = null;
  let at = 12;
  for (let count = 0; count < MOST_CHUNKS && at + CHUNK_HEAD_BYTES <= fileBytes; count += 1) {
    const head = await viewOf(objects, key, { at, bytes: CHUNK_HEAD_BYTES });
    const size = head.getUint32(4, true);
    const start = at + CHUNK_HEAD_BYTES;
    const id = textAt(head, 0);
    if (id === 'data') return framesIn(size, { bytesPerFrame, room: fileBytes - start });
    if (id === 'fmt ') {
      if (size < 16 || start + size > fileBytes || bytesPerFrame !== null) return null;
      const bytes = Math.min(size, LONGEST_FORMAT_BYTES);
      bytesPerFrame = readFormat(await viewOf(objects, key, { at: start, bytes }));
      if (bytesPerFrame === null) return null;
    }
    at = start + size + (size % 2); // chunks are padded to an even length
  }
  return null;
}

function framesIn(
  dataBytes: number,
  { bytesPerFrame, room }: { bytesPerFrame: number | null; room: number },
): number | null {
  if (bytesPerFrame === null || dataBytes === 0 || dataBytes > room) return null;
  return dataBytes % bytesPerFrame === 0 ? dataBytes / bytesPerFrame : null;
}

/** Bytes of one sample of all channels, or null for a format that we do not read. */
function readFormat(format: DataView): number | null {
  const tag = format.getUint16(0, true);
  const channels = format.getUint16(2, true);
  const rate = format.getUint32(4, true);
  const blockBytes = format.getUint16(12, true);
  const bits = format.getUint16(14, true);
  const encoding = tag === EXTENSIBLE ? subFormat(format) : tag;
  const isKnown =
    (encoding === PCM && [16, 24, 32].includes(bits)) || (encoding === IEEE_FLOAT && bits === 32);
  if (!isKnown || rate !== SAMPLE_RATE || channels < 1 || channels > 2) return null;
  return blockBytes === (channels * bits) / 8 ? blockBytes : null;
}

/** The first two bytes of the sub-format GUID are the plain tag. */
function subFormat(format: DataView): number | null {
  return format.byteLength >= LONGEST_FORMAT_BYTES ? format.getUint16(24, true) : null;
}

function textAt(view: DataView, at: number): string {
  return String.fromCharCode(...[0, 1, 2, 3].map((offset) => view.getUint8(at + offset)));
}

async function viewOf(
  objects: ObjectStore,
  key: string,
  { at, bytes }: { at: number; bytes: number },
): Promise<DataView> {
  const { body } = await objects.get(key, { start: at, end: at + bytes - 1 });
  const joined = new Uint8Array(bytes);
  let filled = 0;
  for await (const chunk of body) {
    joined.set(chunk, filled);
    filled += chunk.byteLength;
  }
  return new DataView(joined.buffer);
}
