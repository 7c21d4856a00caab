// Packs: a take's encoded frames as fragmented MP4 on the path's clock.
//
// We write the boxes ourselves, so that the init section of a codec is one constant (the packs of
// different takes follow each other under a single one), and so that each fragment carries its
// place on the path's clock and its exact length. ffmpeg's muxers give neither.
import { makeBox } from '#domain/media/boxes.ts';
import { SEGMENT_SAMPLES, segmentStart } from '#domain/timeline/grid.ts';
import { PACK_TIMESCALE, type Codec, type Pack } from '#domain/timeline/path-packs.ts';
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';

/** Samples in one frame of a codec. */
export const FRAME_SAMPLES: Record<Codec, number> = { aac: 1024, opus: 960 };

/**
 * Samples by which each encoder delays what it is given. The mix is fed to it that much early, so
 * that a plain decode of a pack lies exactly on the path's clock.
 */
export const ENCODER_DELAY_SAMPLES: Record<Codec, number> = { aac: 1024, opus: 312 };

/** How many frames hold a number of samples; the last may be partly padding. */
export function framesFor(codec: Codec, samples: number): number {
  return Math.ceil(samples / FRAME_SAMPLES[codec]);
}

export interface PackBody {
  readonly bytes: Uint8Array;
  readonly initBytes: number;
  readonly segments: Pack['segments'];
}

/**
 * A pack of frames that begin at `firstSegment` of the path's grid. The last fragment ends, and
 * its last frame is cut short, at `durationSamples`.
 */
export function writePack(
  codec: Codec,
  frames: readonly Uint8Array[],
  { firstSegment, durationSamples }: { firstSegment: number; durationSamples: number },
): PackBody {
  if (frames.length !== framesFor(codec, durationSamples)) {
    throw new RangeError(
      `writePack: ${frames.length} ${codec} frames cannot hold ${durationSamples} samples`,
    );
  }
  const init = initSection(codec);
  const perSegment = SEGMENT_SAMPLES / FRAME_SAMPLES[codec];
  const parts = [init];
  const segments: Pack['segments'] = [];
  let offset = init.length;
  for (let at = 0; at < frames.length; at += perSegment) {
    const played = (at / perSegment) * SEGMENT_SAMPLES;
    const segmentSamples = Math.min(SEGMENT_SAMPLES, durationSamples - played);
    const bytes = fragment(codec, frames.slice(at, at + perSegment), {
      segment: firstSegment + at / perSegment,
      durationSamples: segmentSamples,
    });
    parts.push(bytes);
    segments.push({ offset, bytes: bytes.length, durationSamples: segmentSamples });
    offset += bytes.length;
  }
  return { bytes: join(parts), initBytes: init.length, segments };
}

/** `moof` + `mdat` of one segment. */
function fragment(
  codec: Codec,
  frames: readonly Uint8Array[],
  place: { segment: number; durationSamples: number },
): Uint8Array {
  const frameSamples = FRAME_SAMPLES[codec];
  const lastSamples = place.durationSamples - (frames.length - 1) * frameSamples;
  const samples = frames.map((frame, index) => [
    ...u32(index === frames.length - 1 ? lastSamples : frameSamples),
    ...u32(frame.length),
  ]);
  const moof = (dataOffset: number): Uint8Array =>
    box(
      'moof',
      fullBox('mfhd', { version: 0, flags: 0 }, u32(place.segment + 1)),
      box(
        'traf',
        fullBox('tfhd', { version: 0, flags: 0x02_00_00 }, u32(1)), // offsets are from the moof
        fullBox('tfdt', { version: 1, flags: 0 }, u64(segmentStart(place.segment))),
        fullBox(
          'trun',
          { version: 0, flags: 0x3_01 }, // data offset; per sample its duration and size
          u32(frames.length),
          u32(dataOffset),
          samples.flat(),
        ),
      ),
    );
  const moofBytes = moof(0).length;
  return join([moof(moofBytes + 8), box('mdat', ...frames)]);
}

/** `ftyp` + `moov`: the same bytes in every pack of a codec. */
export function initSection(codec: Codec): Uint8Array {
  const zero = { version: 0, flags: 0 };
  const noSamples = ['stts', 'stsc', 'stco'].map((type) => fullBox(type, zero, u32(0)));
  const stbl = box(
    'stbl',
    fullBox('stsd', zero, u32(1), sampleEntry(codec)),
    ...noSamples,
    fullBox('stsz', zero, u32(0), u32(0)),
  );
  const minf = box(
    'minf',
    fullBox('smhd', zero, u32(0)),
    box('dinf', fullBox('dref', zero, u32(1), fullBox('url ', { version: 0, flags: 1 }))),
    stbl,
  );
  const mdia = box(
    'mdia',
    fullBox('mdhd', zero, u32(0), u32(0), u32(PACK_TIMESCALE), u32(0), u16(0x55_c4), u16(0)),
    fullBox('hdlr', zero, u32(0), ascii('soun'), u32(0), u32(0), u32(0), [0]),
    minf,
  );
  return join([
    box('ftyp', ascii('iso6'), u32(0), ascii('iso6'), ascii('mp41'), ascii('cmfc')),
    box(
      'moov',
      fullBox('mvhd', zero, movieHeader()),
      box('trak', fullBox('tkhd', { version: 0, flags: 7 }, trackHeader()), mdia),
      // Every sample is a sync sample: it depends on no other.
      box('mvex', fullBox('trex', zero, u32(1), u32(1), u32(0), u32(0), u32(0x02_00_00_00))),
    ),
  ]);
}

const matrix = [0x1_00_00, 0, 0, 0, 0x1_00_00, 0, 0, 0, 0x40_00_00_00].flatMap(u32);

function movieHeader(): readonly number[] {
  const times = [...u32(0), ...u32(0), ...u32(PACK_TIMESCALE), ...u32(0)];
  const rateAndVolume = [...u32(0x1_00_00), ...u16(0x1_00), ...u16(0), ...u32(0), ...u32(0)];
  const nextTrack = u32(2);
  return [...times, ...rateAndVolume, ...matrix, ...zeros(24), ...nextTrack];
}

function trackHeader(): readonly number[] {
  const times = [...u32(0), ...u32(0), ...u32(1), ...u32(0), ...u32(0)];
  const layerToVolume = [...zeros(8), ...u16(0), ...u16(0), ...u16(0x1_00), ...u16(0)];
  return [...times, ...layerToVolume, ...matrix, ...u32(0), ...u32(0)];
}

/** What the decoder must know: one channel at 48 kHz. */
function sampleEntry(codec: Codec): Uint8Array {
  const audio = [...zeros(6), ...u16(1), ...zeros(8), ...u16(1), ...u16(16), ...u32(0)];
  const entry = [...audio, ...u32(SAMPLE_RATE * 2 ** 16)];
  return codec === 'aac' ? box('mp4a', entry, esds()) : box('Opus', entry, dOps());
}

/** AAC LC, 48 kHz, one channel (ISO/IEC 14496-3, AudioSpecificConfig `0x1188`). */
function esds(): Uint8Array {
  const config = descriptor(0x05, [0x11, 0x88]);
  const audioStream = [0x40, 0x15, 0, 0, 0, ...u32(0), ...u32(0)];
  const decoder = descriptor(0x04, [...audioStream, ...config]);
  const es = descriptor(0x03, [...u16(1), 0, ...decoder, ...descriptor(0x06, [2])]);
  return fullBox('esds', { version: 0, flags: 0 }, es);
}

function descriptor(tag: number, body: readonly number[]): readonly number[] {
  return [tag, body.length, ...body];
}

/** One channel, nothing to skip: the encoder's delay was taken out before it. */
function dOps(): Uint8Array {
  return box('dOps', [0, 1], u16(0), u32(SAMPLE_RATE), u16(0), [0]);
}

function zeros(count: number): readonly number[] {
  return Array.from({ length: count }, () => 0);
}

function ascii(text: string): readonly number[] {
  return Array.from(text, (letter) => letter.charCodeAt(0));
}

/** Bytes of a box, as fields give them or as they are. */
type Part = Uint8Array | readonly number[];

function box(type: string, ...parts: readonly Part[]): Uint8Array {
  return makeBox(type, join(parts));
}

/** A box that begins with a version and 24 flags. */
function fullBox(
  type: string,
  { version, flags }: { version: number; flags: number },
  ...parts: readonly Part[]
): Uint8Array {
  return box(type, u32(version * 2 ** 24 + flags), ...parts);
}

/** Big-endian fields; `u64` takes a non-negative safe integer. */
function u16(value: number): readonly number[] {
  return [(value >>> 8) & 0xff, value & 0xff];
}
function u32(value: number): readonly number[] {
  return [(value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
}
function u64(value: number): readonly number[] {
  return [...u32(Math.floor(value / 2 ** 32)), ...u32(value % 2 ** 32)];
}

function join(parts: readonly Part[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
