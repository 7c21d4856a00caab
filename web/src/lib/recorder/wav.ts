// Takes as WAV: 16-bit PCM, mono, so that the server can read the exact length at once.
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';

const HEADER_BYTES = 44;
const BYTES_PER_SAMPLE = 2;

/** Samples that a WAV of `bytes` bytes made by `encodeWav` holds. */
export function wavBytes(samples: number): number {
  return HEADER_BYTES + samples * BYTES_PER_SAMPLE;
}

/** Samples (-1 to 1, others are clipped) as a mono 16-bit WAV file; `rate` in samples a second. */
export function encodeWav(
  chunks: readonly Float32Array[],
  rate = SAMPLE_RATE,
): Uint8Array<ArrayBuffer> {
  const samples = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const bytes = new Uint8Array(wavBytes(samples));
  const view = new DataView(bytes.buffer);
  writeHeader(view, samples * BYTES_PER_SAMPLE, rate);
  let at = HEADER_BYTES;
  for (const chunk of chunks)
    for (const sample of chunk) {
      view.setInt16(at, toInt16(sample), true);
      at += BYTES_PER_SAMPLE;
    }
  return bytes;
}

/** Full scale is 32767 both ways, as decoders and encoders commonly have it; NaN is silence. */
function toInt16(sample: number): number {
  const clipped = Math.max(-1, Math.min(1, Number.isNaN(sample) ? 0 : sample));
  return Math.round(clipped * 0x7f_ff);
}

function writeHeader(view: DataView, dataBytes: number, rate: number): void {
  const text = (at: number, four: string): void => {
    for (let index = 0; index < 4; index++) view.setUint8(at + index, four.charCodeAt(index));
  };
  text(0, 'RIFF');
  view.setUint32(4, HEADER_BYTES - 8 + dataBytes, true);
  text(8, 'WAVE');
  text(12, 'fmt ');
  view.setUint32(16, 16, true); // length of this chunk
  view.setUint16(20, 1, true); // PCM
  view.setUint16(22, 1, true); // channels
  view.setUint32(24, rate, true);
  view.setUint32(28, rate * BYTES_PER_SAMPLE, true);
  view.setUint16(32, BYTES_PER_SAMPLE, true);
  view.setUint16(34, 8 * BYTES_PER_SAMPLE, true);
  text(36, 'data');
  view.setUint32(40, dataBytes, true);
}
