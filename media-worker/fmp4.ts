// Packs: a take's encoded frames as fragmented MP4 on the path's clock.
import {
  box,
  fullBox,
  initSection as initSectionOf,
  joinBytes,
  monoSampleEntry,
  u16,
  u32,
  writeFragment,
} from '#domain/media/fragment.ts';
import { SEGMENT_SAMPLES, segmentStart } from '#domain/timeline/grid.ts';
import type { Codec, Pack } from '#domain/timeline/path-packs.ts';
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
  return { bytes: joinBytes(parts), initBytes: init.length, segments };
}

/** `moof` + `mdat` of one segment. */
function fragment(
  codec: Codec,
  frames: readonly Uint8Array[],
  place: { segment: number; durationSamples: number },
): Uint8Array {
  const frameSamples = FRAME_SAMPLES[codec];
  const lastSamples = place.durationSamples - (frames.length - 1) * frameSamples;
  const timed = frames.map((bytes, index) => ({
    bytes,
    durationSamples: index === frames.length - 1 ? lastSamples : frameSamples,
  }));
  const startSamples = segmentStart(place.segment);
  return writeFragment({ startSamples, frames: timed }, place.segment + 1);
}

/** `ftyp` + `moov`: the same bytes in every pack of a codec. */
export function initSection(codec: Codec): Uint8Array {
  return initSectionOf(
    codec === 'aac' ? monoSampleEntry('mp4a', esds()) : monoSampleEntry('Opus', dOps()),
  );
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
