// A take that can be listened to, measured and sent: a recording, or a file that was chosen.
import type { TakeTiming } from '#domain/story/take.ts';
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';
import { cutAt, type RawTake } from '../latency/raw-take.ts';
import { encodeWav } from './wav.ts';

export interface TakeAudio {
  readonly file: Blob;
  /** For listening; null for a file that this browser cannot decode (the server may). */
  readonly buffer: AudioBuffer | null;
  /** Null with the buffer. */
  readonly durationSamples: number | null;
  /** All that was captured, of which the take is a cut; null for a file that was chosen. */
  readonly raw: RawTake | null;
  /** What is known against its timing. */
  readonly timing: TakeTiming | undefined;
}

/** A take cut out of a recording, moved by `nudgeMs`, as a WAV at 48 kHz. */
export async function audioOfRecording(
  raw: RawTake,
  timing: TakeTiming | undefined,
  nudgeMs = 0,
): Promise<TakeAudio> {
  const { rate, frames } = raw;
  const recorded = new AudioBuffer({ length: frames, numberOfChannels: 1, sampleRate: rate });
  recorded.copyToChannel(cutAt(raw, nudgeMs), 0);
  const buffer = rate === SAMPLE_RATE ? recorded : await resampled(recorded);
  const file = new Blob([encodeWav([buffer.getChannelData(0)])], { type: 'audio/wav' });
  return { file, buffer, durationSamples: buffer.length, raw, timing };
}

/** A take, moved against its parent; a file that was chosen stays where it is. */
export async function moveTake(take: TakeAudio, nudgeMs: number): Promise<TakeAudio> {
  return take.raw === null ? take : audioOfRecording(take.raw, take.timing, nudgeMs);
}

/** A chosen file, decoded if this browser can. */
export async function audioOfFile(file: File): Promise<TakeAudio> {
  const context = new OfflineAudioContext(1, 1, SAMPLE_RATE);
  try {
    const buffer = await context.decodeAudioData(await file.arrayBuffer());
    return { file, buffer, durationSamples: buffer.length, raw: null, timing: undefined };
  } catch {
    // The server knows more formats, and says why if it does not know this one.
    return { file, buffer: null, durationSamples: null, raw: null, timing: undefined };
  }
}

/** At 48 kHz, by the browser's own resampler. */
async function resampled(buffer: AudioBuffer): Promise<AudioBuffer> {
  const length = Math.max(1, Math.round(buffer.duration * SAMPLE_RATE));
  const context = new OfflineAudioContext(1, length, SAMPLE_RATE);
  const source = new AudioBufferSourceNode(context, { buffer });
  source.connect(context.destination);
  source.start();
  return context.startRendering();
}
