// How a take lies on the device while it is captured: a head that says what it is, then chunks.
//
//   head   "TAPTAKE1" · length of JSON u32 · CRC-32 of JSON u32 · JSON (KeptOrigin)
//   chunk  "TAPC" · CRC-32 of what follows u32 · first frame f64 · frames u32 · lost u32 · samples
//
// Little-endian. Samples are 16-bit, as they are published: what is recovered is then, sample by
// sample, what would have been published, and takes half the room of what the microphone gives.
// A file may end anywhere: every chunk that is whole counts, however it ended.
import * as v from 'valibot';
import { crc32 } from './crc32.ts';
import { keptOriginSchema, type KeptOrigin } from './take-origin.ts';

const MAGIC = 'TAPTAKE1';
const CHUNK_MAGIC = 0x43_50_41_54; // "TAPC"
const HEAD_BYTES = 16;
const CHUNK_HEAD_BYTES = 24;
const BYTES_PER_FRAME = 2;
/** More than any take may have (ten minutes at the highest rate): what claims it is not ours. */
const MOST_FRAMES = 12 * 60 * 768_000;

/** What a file tells. Frames count at the rate of the origin. */
export interface TakeFile {
  readonly origin: KeptOrigin;
  /** Full scale is 32767 both ways. */
  readonly samples: Int16Array<ArrayBuffer>;
  /** Frames that the device never delivered while it was captured: silence in their place. */
  readonly lostFrames: number;
  /** Frames that were kept and cannot be read any more: silence in their place. */
  readonly damagedFrames: number;
  /** Bytes at the end that are no whole chunk: what was being written when everything ended. */
  readonly tornBytes: number;
}

/** A file that is there, and not to be understood: it is not an empty one. */
export class UnreadableTake extends Error {
  override readonly name = 'UnreadableTake';
}

/** The first bytes of a file. */
export function encodeHead(origin: KeptOrigin): Uint8Array<ArrayBuffer> {
  const json = new TextEncoder().encode(JSON.stringify(origin));
  const head = new Uint8Array(HEAD_BYTES + json.byteLength);
  head.set(new TextEncoder().encode(MAGIC));
  const view = new DataView(head.buffer);
  view.setUint32(8, json.byteLength, true);
  view.setUint32(12, crc32(json), true);
  head.set(json, HEAD_BYTES);
  return head;
}

export interface TakeChunk {
  /** Where its first frame lies in the file; a float, for 32 bits of frames are some hours only. */
  readonly atFrame: number;
  /** Samples, -1 to 1; what lies beyond is clipped. */
  readonly samples: Float32Array;
  /** Frames lost so far, this chunk's among them. */
  readonly lostFrames: number;
}

/** The bytes of one chunk. */
export function encodeChunk({ atFrame, samples, lostFrames }: TakeChunk): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(CHUNK_HEAD_BYTES + samples.length * BYTES_PER_FRAME);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, CHUNK_MAGIC, true);
  view.setFloat64(8, atFrame, true);
  view.setUint32(16, samples.length, true);
  view.setUint32(20, Math.min(lostFrames, 0xff_ff_ff_ff), true);
  let at = CHUNK_HEAD_BYTES;
  for (const sample of samples) {
    view.setInt16(at, toInt16(sample), true);
    at += BYTES_PER_FRAME;
  }
  view.setUint32(4, crc32(bytes.subarray(8)), true);
  return bytes;
}

/** Full scale is 32767 both ways, as in the WAV that is published; NaN is silence. */
function toInt16(sample: number): number {
  const clipped = Math.max(-1, Math.min(1, Number.isNaN(sample) ? 0 : sample));
  return Math.round(clipped * 0x7f_ff);
}

/**
 * Reads what is there of a file, however it ended.
 * @param known what its head said when it was written, should the head not be readable any more
 * @throws {UnreadableTake} it says nowhere what it is
 */
export function readTakeFile(bytes: Uint8Array, known: KeptOrigin | null = null): TakeFile {
  const head = readHead(bytes);
  const origin = head?.origin ?? known;
  if (origin === null) throw new UnreadableTake('a kept take without a head');
  const runs: Run[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let [at, end, gaps] = [head?.endsAt ?? 0, 0, 0];
  let lostFrames = 0;
  for (let run = nextRun(view, at); run !== null; run = nextRun(view, at)) {
    at = run.endsAt;
    // A chunk that is there twice, or out of order, says nothing new.
    if (run.atFrame < end) continue;
    gaps += run.atFrame - end;
    end = run.atFrame + run.frames;
    ({ lostFrames } = run);
    runs.push(run);
  }
  const samples = new Int16Array(end);
  for (const run of runs)
    for (let index = 0; index < run.frames; index++)
      samples[run.atFrame + index] = view.getInt16(run.samplesAt + index * BYTES_PER_FRAME, true);
  const tornBytes = bytes.byteLength - at;
  return { origin, samples, lostFrames, damagedFrames: gaps, tornBytes };
}

function readHead(bytes: Uint8Array): { origin: KeptOrigin; endsAt: number } | null {
  if (bytes.byteLength < HEAD_BYTES) return null;
  if (new TextDecoder().decode(bytes.subarray(0, 8)) !== MAGIC) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const endsAt = HEAD_BYTES + view.getUint32(8, true);
  const json = bytes.subarray(HEAD_BYTES, endsAt);
  if (endsAt > bytes.byteLength || crc32(json) !== view.getUint32(12, true)) return null;
  const parsed = v.safeParse(
    v.pipe(v.string(), v.parseJson(), keptOriginSchema),
    new TextDecoder().decode(json),
  );
  return parsed.success ? { origin: parsed.output, endsAt } : null;
}

/** A chunk that is whole, where it lies. */
interface Run {
  readonly atFrame: number;
  readonly frames: number;
  readonly lostFrames: number;
  readonly samplesAt: number;
  readonly endsAt: number;
}

/** The first whole chunk from `from` on; null if there is none. */
function nextRun(view: DataView, from: number): Run | null {
  for (let at = from; at + CHUNK_HEAD_BYTES <= view.byteLength; at++) {
    if (view.getUint32(at, true) !== CHUNK_MAGIC) continue;
    const run = runAt(view, at);
    if (run !== null) return run;
  }
  return null;
}

function runAt(view: DataView, at: number): Run | null {
  const atFrame = view.getFloat64(at + 8, true);
  const frames = view.getUint32(at + 16, true);
  const samplesAt = at + CHUNK_HEAD_BYTES;
  const endsAt = samplesAt + frames * BYTES_PER_FRAME;
  if (endsAt > view.byteLength || !Number.isSafeInteger(atFrame) || atFrame < 0) return null;
  if (atFrame + frames > MOST_FRAMES) return null;
  const body = new Uint8Array(view.buffer, view.byteOffset + at + 8, endsAt - at - 8);
  if (crc32(body) !== view.getUint32(at + 4, true)) return null;
  return { atFrame, frames, lostFrames: view.getUint32(at + 20, true), samplesAt, endsAt };
}
