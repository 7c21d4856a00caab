// Samples as FLAC in fragmented MP4, uncompressed: a page can make it of what it has mixed itself,
// exactly and without an encoder, and lay it beside rendered packs.
import { GRID_SAMPLES, SEGMENT_SAMPLES, segmentStart } from '../timeline/grid.ts';
import { SAMPLE_RATE } from '../timeline/samples.ts';
import {
  fullBox,
  initSection,
  joinBytes,
  monoSampleEntry,
  u16,
  u32,
  writeFragment,
} from './fragment.ts';

/**
 * Samples of a frame, 20 ms: frames begin wherever those of the other codecs can meet them, and no
 * more is decoded ahead than of the others.
 */
const FLAC_FRAME_SAMPLES = GRID_SAMPLES / 16;

/** RFC 6381 codec string, for MediaSource. */
export const FLAC_MIME = 'audio/mp4; codecs="flac"';

/** The init section of every fragment of {@link flacFragment}. */
export function flacInit(): Uint8Array<ArrayBuffer> {
  const frame = u16(FLAC_FRAME_SAMPLES);
  const unknown = [0, 0, 0];
  // 20 bits of rate, 3 of channels less one, 5 of bits less one, 36 of an unknown length; no MD5.
  const format = [...u32(SAMPLE_RATE * 2 ** 12 + 0xf0), ...u32(0)];
  const streamInfo = [...frame, ...frame, ...unknown, ...unknown, ...format, ...silence(16)];
  const lastBlock = [0x80, 0, 0, streamInfo.length];
  return initSection(
    monoSampleEntry('fLaC', fullBox('dfLa', { version: 0, flags: 0 }, lastBlock, streamInfo)),
  );
}

/**
 * One segment of the grid. `samples`, -1 to 1 and cut off beyond, are those from the segment's
 * start; fewer than a segment's end the path.
 * @throws {RangeError} none, or more than a segment holds
 */
export function flacFragment(samples: Float32Array, segment: number): Uint8Array<ArrayBuffer> {
  if (samples.length === 0 || samples.length > SEGMENT_SAMPLES)
    throw new RangeError(`flacFragment: ${samples.length} samples`);
  const startSamples = segmentStart(segment);
  const count = Math.ceil(samples.length / FLAC_FRAME_SAMPLES);
  const frames = Array.from({ length: count }, (_, index) => {
    const part = samples.subarray(index * FLAC_FRAME_SAMPLES, (index + 1) * FLAC_FRAME_SAMPLES);
    const number = startSamples / FLAC_FRAME_SAMPLES + index;
    return { bytes: frameOf(part, number), durationSamples: part.length };
  });
  return writeFragment({ startSamples, frames }, segment + 1);
}

/** A frame with one verbatim subframe (RFC 9639, 9): 48 kHz, mono, 16 bit. */
function frameOf(samples: Float32Array, number: number): Uint8Array {
  const head = [0xff, 0xf8, 0x7a, 0x08, ...utf8(number), ...u16(samples.length - 1)];
  const body = new Uint8Array(1 + 2 * samples.length);
  body[0] = 0x02; // verbatim, no wasted bits
  const view = new DataView(body.buffer);
  samples.forEach((sample, index) => {
    view.setInt16(1 + 2 * index, Math.max(-32_768, Math.min(32_767, Math.round(sample * 32_768))));
  });
  const frame = joinBytes([head, [crc8(head)], body]);
  return joinBytes([frame, u16(crc16(frame))]);
}

/** A number up to 31 bits as FLAC codes it: UTF-8, longer than Unicode goes. */
function utf8(number: number): readonly number[] {
  if (number < 0x80) return [number];
  const tail: number[] = [];
  let rest = number;
  // A head of n bytes has 7 - n bits left.
  while (rest >= 2 ** (6 - tail.length)) {
    tail.unshift(0x80 | (rest & 0x3f));
    rest = Math.floor(rest / 64);
  }
  return [((0xff << (7 - tail.length)) & 0xff) | rest, ...tail];
}

function silence(count: number): readonly number[] {
  return Array.from({ length: count }, () => 0);
}

function crc8(bytes: readonly number[]): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x80 ? ((crc << 1) ^ 0x07) & 0xff : crc << 1;
  }
  return crc;
}

const crc16Of = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x80_00 ? (crc << 1) ^ 0x80_05 : crc << 1;
  return crc & 0xff_ff;
});

function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) crc = ((crc << 8) & 0xff_00) ^ (crc16Of[(crc >>> 8) ^ byte] ?? 0);
  return crc;
}
