// A path as one progressive fMP4 file that exists only as a plan: a header of ours, then byte
// ranges of stored packs. Any browser's `<audio src>` plays, times and seeks it.
import { PACK_TIMESCALE, type Stretch } from '../timeline/path-packs.ts';
import { makeBox } from './boxes.ts';

/** One file: `header`, then the bytes of each stretch in order. */
export interface PathFile {
  readonly header: Uint8Array<ArrayBuffer>;
  readonly stretches: readonly Stretch[];
  /** Size of the whole file. */
  readonly bytes: number;
  readonly durationSamples: number;
}

/** First and last byte of a range, both included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Where a run of the file's bytes comes from: its header, or a stored object. */
export type Piece =
  | ({ readonly from: 'header' } & ByteRange)
  | ({ readonly from: 'object'; readonly objectKey: string } & ByteRange);

/** `sidx` counts its references in 16 bits: 34 hours of segments. */
const MOST_REFERENCES = 0xff_ff;
/** Each reference holds its size in 31 bits. */
const MOST_FRAGMENT_BYTES = 0x7f_ff_ff_ff;

/**
 * Plans the file. `init` is the init section that all packs of the codec share; it must not hold
 * an index of its own. The fragments already carry their decode times on the path's clock.
 */
export function pathFile(init: Uint8Array, stretches: readonly Stretch[]): PathFile {
  const segments = stretches.flatMap((stretch) => stretch.segments);
  const index = segmentIndex(segments);
  const header = new Uint8Array(init.length + index.length);
  header.set(init);
  header.set(index, init.length);
  return {
    header,
    stretches,
    bytes: stretches.reduce((sum, stretch) => sum + stretch.bytes, header.length),
    durationSamples: segments.reduce((sum, segment) => sum + segment.durationSamples, 0),
  };
}

/** Where the bytes of a range of the file lie. The range must be inside the file. */
export function piecesOf(file: PathFile, range: ByteRange): Piece[] {
  if (range.start < 0 || range.end >= file.bytes || range.start > range.end)
    throw new RangeError(`piecesOf: ${range.start}-${range.end} is not inside ${file.bytes} bytes`);
  const pieces: Piece[] = [];
  if (range.start < file.header.length)
    pieces.push({
      from: 'header',
      start: range.start,
      end: Math.min(range.end, file.header.length - 1),
    });
  let at = file.header.length;
  for (const { objectKey, offset, bytes } of file.stretches) {
    const start = Math.max(range.start, at);
    const end = Math.min(range.end, at + bytes - 1);
    if (start <= end)
      pieces.push({
        from: 'object',
        objectKey,
        start: offset + start - at,
        end: offset + end - at,
      });
    at += bytes;
  }
  return pieces;
}

/**
 * A global `sidx` (ISO/IEC 14496-12, 8.16.3) naming every fragment of the file: from it players
 * know the duration and where to seek, before they have read a single fragment.
 */
function segmentIndex(segments: Stretch['segments']): Uint8Array<ArrayBuffer> {
  if (segments.length > MOST_REFERENCES)
    throw new RangeError(`a path of ${segments.length} segments cannot be indexed`);
  const payload = new Uint8Array(32 + 12 * segments.length);
  const view = new DataView(payload.buffer);
  view.setUint32(0, 0x01_00_00_00); // version 1: 64-bit times; no flags
  view.setUint32(4, 1); // reference_ID: the one track
  view.setUint32(8, PACK_TIMESCALE);
  view.setBigUint64(12, 0n); // earliest_presentation_time
  view.setBigUint64(20, 0n); // first_offset: fragments follow at once
  view.setUint16(30, segments.length);
  segments.forEach(({ bytes, durationSamples }, index) => {
    if (bytes > MOST_FRAGMENT_BYTES) throw new RangeError(`a fragment of ${bytes} bytes`);
    const at = 32 + 12 * index;
    view.setUint32(at, bytes); // reference_type 0: media
    view.setUint32(at + 4, durationSamples);
    view.setUint32(at + 8, 0x90_00_00_00); // starts with a stream access point of type 1
  });
  return makeBox('sidx', payload);
}
