// Takes encoded streams apart into the frames that a pack is made of.
import type { Codec } from '#domain/timeline/path-packs.ts';

/** The encoder's output is not the stream it should be. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

/** The frames of a codec's elementary stream: AAC in ADTS, Opus in Ogg. */
export function readFrames(codec: Codec, stream: Uint8Array): Uint8Array[] {
  return codec === 'aac' ? adtsFrames(stream) : oggPackets(stream).slice(2); // OpusHead, OpusTags
}

/** The raw AAC frames of an ADTS stream, without their headers. */
export function adtsFrames(stream: Uint8Array): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let at = 0; at < stream.length;) {
    const [b0, b1, , b3, b4, b5] = stream.subarray(at, at + 7);
    const synced = b0 === 0xff && b1 !== undefined && (b1 & 0xf6) === 0xf0;
    if (!synced || b3 === undefined || b4 === undefined || b5 === undefined) {
      throw new FrameError(`no ADTS header at byte ${at}`);
    }
    const size = ((b3 & 3) << 11) | (b4 << 3) | (b5 >> 5);
    const headerBytes = (b1 & 1) === 1 ? 7 : 9;
    if (size <= headerBytes || at + size > stream.length) {
      throw new FrameError(`the ADTS frame at byte ${at} says ${size} bytes`);
    }
    frames.push(stream.subarray(at + headerBytes, at + size));
    at += size;
  }
  return frames;
}

/** The packets of an Ogg stream with one logical stream in it (RFC 3533). */
export function oggPackets(stream: Uint8Array): Uint8Array[] {
  const packets: Uint8Array[] = [];
  let pieces: Uint8Array[] = [];
  for (let at = 0; at < stream.length;) {
    const isPage = stream[at] === 0x4f && stream[at + 1] === 0x67 && stream[at + 2] === 0x67;
    const laces = stream.subarray(at + 27, at + 27 + (stream[at + 26] ?? 0));
    if (!isPage) throw new FrameError(`no Ogg page at byte ${at}`);
    at += 27 + laces.length;
    for (const lace of laces) {
      if (at + lace > stream.length) throw new FrameError(`an Ogg packet is cut off at byte ${at}`);
      pieces.push(stream.subarray(at, at + lace));
      at += lace;
      if (lace === 255) continue;
      packets.push(pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces));
      pieces = [];
    }
  }
  return packets;
}
