// Fragmented MP4 of one audio track at 48 kHz: the init section, and fragments on a path's clock.
//
// We write the boxes ourselves, so that the init section of a codec is one constant (the packs of
// different takes follow each other under a single one), and so that each fragment carries its
// place on the path's clock and its exact length. ffmpeg's muxers give neither.
import { PACK_TIMESCALE } from '../timeline/path-packs.ts';
import { SAMPLE_RATE } from '../timeline/samples.ts';
import { BoxError, findBox, makeBox } from './boxes.ts';

/** Bytes of a box, as fields give them or as they are. */
type Part = Uint8Array | readonly number[];

/** The frames of one fragment, and where it lies on the path's clock. All in samples. */
export interface Fragment {
  readonly startSamples: number;
  readonly frames: readonly { readonly bytes: Uint8Array; readonly durationSamples: number }[];
}

/** `moof` + `mdat`. `sequence` counts fragments from 1. */
export function writeFragment(fragment: Fragment, sequence: number): Uint8Array<ArrayBuffer> {
  const { startSamples, frames } = fragment;
  const samples = frames.map(({ bytes, durationSamples }) => [
    ...u32(durationSamples),
    ...u32(bytes.length),
  ]);
  const moof = (dataOffset: number): Uint8Array =>
    box(
      'moof',
      fullBox('mfhd', { version: 0, flags: 0 }, u32(sequence)),
      box(
        'traf',
        fullBox('tfhd', { version: 0, flags: 0x02_00_00 }, u32(1)), // offsets are from the moof
        fullBox('tfdt', { version: 1, flags: 0 }, u64(startSamples)),
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
  return joinBytes([moof(moofBytes + 8), box('mdat', ...frames.map(({ bytes }) => bytes))]);
}

/**
 * Takes apart what {@link writeFragment} made; the frames are views of `bytes`.
 * @throws {BoxError} it is no such fragment
 */
export function readFragment(bytes: Uint8Array): Fragment {
  const [tfdt, trun] = [
    findBox(bytes, ['moof', 'traf', 'tfdt']),
    findBox(bytes, ['moof', 'traf', 'trun']),
  ];
  if (tfdt === null || trun === null) throw new BoxError('a fragment without a time or a run');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = view.getUint32(trun.payload + 4);
  let at = view.getUint32(trun.payload + 8);
  if (trun.payload + 12 + 8 * count !== trun.end) throw new BoxError('a run of another form');
  const frames = Array.from({ length: count }, (_, index) => {
    const entry = trun.payload + 12 + 8 * index;
    const size = view.getUint32(entry + 4);
    if (at + size > bytes.length) throw new BoxError(`frame ${index} breaks off`);
    const frame = bytes.subarray(at, at + size);
    at += size;
    return { bytes: frame, durationSamples: view.getUint32(entry) };
  });
  return { startSamples: Number(view.getBigUint64(tfdt.payload + 4)), frames };
}

/**
 * The fragment from a sample of the path's clock on: without the frames that begin before it. Null
 * if none is left. A decoder that goes on from another sound's frame blends the two over the
 * codec's own overlap.
 */
export function cutFragment(
  bytes: Uint8Array<ArrayBuffer>,
  fromSamples: number,
): Uint8Array<ArrayBuffer> | null {
  const { startSamples, frames } = readFragment(bytes);
  let at = startSamples;
  const first = frames.findIndex(({ durationSamples }) => {
    if (at >= fromSamples) return true;
    at += durationSamples;
    return false;
  });
  if (first === -1) return null;
  if (first === 0) return bytes;
  return writeFragment({ startSamples: at, frames: frames.slice(first) }, 1);
}

/** `ftyp` + `moov` for a codec's sample entry: the same bytes before every fragment of a codec. */
export function initSection(sampleEntry: Uint8Array): Uint8Array<ArrayBuffer> {
  const zero = { version: 0, flags: 0 };
  const noSamples = ['stts', 'stsc', 'stco'].map((type) => fullBox(type, zero, u32(0)));
  const stbl = box(
    'stbl',
    fullBox('stsd', zero, u32(1), sampleEntry),
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
  return joinBytes([
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

/** What the decoder must know: one channel of 16 bits at 48 kHz, and the codec's own `config`. */
export function monoSampleEntry(type: string, config: Uint8Array): Uint8Array<ArrayBuffer> {
  const audio = [...zeros(6), ...u16(1), ...zeros(8), ...u16(1), ...u16(16), ...u32(0)];
  return box(type, [...audio, ...u32(SAMPLE_RATE * 2 ** 16)], config);
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

function zeros(count: number): readonly number[] {
  return Array.from({ length: count }, () => 0);
}

function ascii(text: string): readonly number[] {
  return Array.from(text, (letter) => letter.charCodeAt(0));
}

/** A box of parts. */
export function box(type: string, ...parts: readonly Part[]): Uint8Array<ArrayBuffer> {
  return makeBox(type, joinBytes(parts));
}

/** A box that begins with a version and 24 flags. */
export function fullBox(
  type: string,
  { version, flags }: { version: number; flags: number },
  ...parts: readonly Part[]
): Uint8Array<ArrayBuffer> {
  return box(type, u32(version * 2 ** 24 + flags), ...parts);
}

/** A big-endian field of 16 bits. */
export function u16(value: number): readonly number[] {
  return [(value >>> 8) & 0xff, value & 0xff];
}
/** A big-endian field of 32 bits. */
export function u32(value: number): readonly number[] {
  return [(value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
}
/** A big-endian field of 64 bits; takes a non-negative safe integer. */
export function u64(value: number): readonly number[] {
  return [...u32(Math.floor(value / 2 ** 32)), ...u32(value % 2 ** 32)];
}

/** The parts as one array. */
export function joinBytes(parts: readonly Part[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
